"""Domain objects come out of the store, never rows: nobody else knows what a table's columns are called."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import server.store
from server.store import Database


def public(owner: Any, module: str) -> Iterator[tuple[str, Any]]:
    """Public functions and methods that the module defines."""
    for name, thing in vars(owner).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module or thing is Database:
            continue
        if inspect.isclass(thing):
            yield from ((f"{name}.{method}", function) for method, function in public(thing, module))
        elif callable(thing):
            yield name, thing


def returning() -> dict[str, str]:
    """Public function → what it says it returns."""
    found = {}
    for info in pkgutil.walk_packages(server.store.__path__, "server.store."):
        if ".migrations." in info.name or info.name.endswith(".migrations"):
            continue
        module = importlib.import_module(info.name)
        found |= {f"{info.name}.{name}": str(inspect.signature(thing).return_annotation) for name, thing in public(module, info.name)}
    return found


def test_no_function_of_the_store_returns_rows() -> None:
    found = returning()
    assert len(found) > 100
    assert found["server.store.logins.account_of"] == "Account | None"
    assert not {name: said for name, said in found.items() if "Row[" in said or said == "Row"}
    assert not [name for name, said in found.items() if "inspect._empty" in said], "every one says what it returns"
