"""Bad cells, tables and columns of import and export."""

from server.school.exchange.findings import CODES
from server.school.exchange.specs import TABLES

KEYS = (
    *(f"cell.{code}" for code in CODES),
    *(f"exchange.table.{table}{tail}" for table in TABLES for tail in ("", ".words")),
    *(f"exchange.note.{table.name}.{column.name}" for table in TABLES.values() for column in table.columns),
)
