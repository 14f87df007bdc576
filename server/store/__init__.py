"""SQLAlchemy tables, queries that return domain objects, migrations."""

from server.store.log import Append, Appended, Conflict, StoreClosed
from server.store.retry import passing
from server.store.store import Person, PersonRole, Store

__all__ = ["Append", "Appended", "Conflict", "Person", "PersonRole", "Store", "StoreClosed", "passing"]
