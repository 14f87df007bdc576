from __future__ import annotations

import logging
import traceback

import pytest
import structlog
from aiohttp.http_exceptions import BadStatusLine
from sqlalchemy import insert

from server import logs
from server.store import Store
from server.store.tables import org, person
from tests.harness.postgres import both_databases


@pytest.fixture(autouse=True)
def untouched() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def write(error: Exception) -> None:
    try:
        raise error
    except type(error):
        logging.getLogger("aiohttp.server").exception("Error handling request from %s", "192.0.2.1")


@pytest.mark.parametrize(("level", "lines"), [("INFO", 1), ("WARNING", 0)])
def test_a_request_that_cannot_be_read_is_one_line_without_its_text(capsys: pytest.CaptureFixture[str], level: str, lines: int) -> None:
    logs.configure(level, as_json=False)
    write(BadStatusLine("GET /join/v1.SECRET HTTP/9.9"))
    written = capsys.readouterr().err
    assert "SECRET" not in written
    assert written.count("\n") == lines


def test_a_fault_of_ours_keeps_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", as_json=True)
    write(RuntimeError("broken"))
    written = capsys.readouterr().err
    assert "Traceback" in written
    assert "broken" in written


SECRET = "zhang.sanfeng"


async def failures(database: str) -> list[Exception]:
    """What a database raises for rows it refuses, each with the value in its hands."""
    store = await Store.open(database)
    row = {"id": "n", "tier": "nation", "code": "N", "name": "N", "path": "/n/", "created": 1}
    await store.database.execute(insert(org).values(**row))
    new = {"id": "p", "org": "n", "login": SECRET, "name": SECRET, "created": 1}
    await store.database.execute(insert(person).values(**new))
    found = []
    for values in (
        {**new, "id": "q"},
        {**new, "id": "r", "login": "x", "created": None},
        {**new, "id": "s", "login": "y", "created": SECRET},
    ):
        try:
            await store.database.execute(insert(person).values(**values))
        except Exception as error:
            found.append(error)
    await store.close()
    return found


@both_databases
@pytest.mark.parametrize("as_json", [True, False])
async def test_what_a_database_repeats_is_not_logged(database: str, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    errors = await failures(database)
    assert len(errors) >= 2
    if "postgresql" in database:
        assert all(SECRET in "".join(traceback.format_exception(error)) for error in errors), "else there is nothing to cut"
    logs.configure("INFO", as_json=as_json)
    for error in errors:
        structlog.get_logger("web").error("failed", detail=f"{type(error).__name__}: {error}", exc_info=error)
        logging.getLogger("somewhere").error("failed: %s", error, exc_info=error)
    written = capsys.readouterr().err
    assert SECRET not in written
    assert written.count("IntegrityError") >= 4, "what went wrong is still told"
    assert "Traceback" in written
