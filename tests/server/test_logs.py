from __future__ import annotations

import logging

import pytest
from aiohttp.http_exceptions import BadStatusLine

from server import logs


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
