"""SQLAlchemy tables, queries that return domain objects, migrations."""

from server.store.database import Database
from server.store.group import Append, Appended, Life
from server.store.log import Conflict, StoreClosed
from server.store.retry import passing
from server.store.store import Member, PersonRole, Standing, Store

__all__ = ["Append", "Appended", "Conflict", "Database", "Life", "Member", "PersonRole", "Standing", "Store", "StoreClosed", "passing"]
