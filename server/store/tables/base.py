"""What all tables share. Portable SQL: the same on SQLite and PostgreSQL. Times are UTC ms, days `YYYY-MM-DD`, ids opaque."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = String(64)
NAME = String(200)
WORD = String(32)
DAY = String(10)
PATH = String(600)
"""Ids of an organisation and all above it: `/nation/province/…/own/`. A scope is a prefix."""


def moment(name: str, *, nullable: bool = True) -> Column[int]:
    """A time in UTC ms."""
    return Column(name, BigInteger, nullable=nullable)


def version() -> Column[int]:
    """Counts the edits of a row: an edit names the version it saw, and a stale one is a conflict."""
    return Column("version", Integer, nullable=False, server_default="1")
