"""SQLAlchemy tables, queries that return domain objects, migrations."""

from server.store.database import Database
from server.store.log import Append, Appended, Conflict, StoreClosed
from server.store.retry import passing
from server.store.store import Member, PersonRole, Store

__all__ = ["Append", "Appended", "Conflict", "Database", "Member", "PersonRole", "Store", "StoreClosed", "passing"]
