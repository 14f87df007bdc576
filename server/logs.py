"""Logging: structlog for our own lines, the same look for those of libraries. Nothing personal gets here.

Tokens do not: routes are logged as patterns. Names and numbers do not: callers log ids and codes, and what a database repeats of
the values it was given is cut out of its errors.
"""

from __future__ import annotations

import io
import logging
import re
import sys
from typing import Any, TextIO

import structlog
from aiohttp.http_exceptions import HttpProcessingError


def configure(level: str, *, as_json: bool) -> None:
    """Send everything to standard error, one line each."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    # plain tracebacks: the pretty ones print local variables, and those may hold tokens
    last: list[Any] = (
        [structlog.processors.format_exc_info, _cut, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if as_json
        else [_cut, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_traceback)]
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove, *last]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for wordy in ("alembic", "botocore", "aiobotocore"):  # the latter two would tell signatures
        logging.getLogger(wordy).setLevel(max(root.level, logging.WARNING))
    logging.getLogger("aiohttp.server").addFilter(_unreadable)


_VALUES = re.compile(
    r"(DETAIL:|HINT:|invalid input for query argument \$\d+:|invalid input syntax for [^:\n]+:|\[parameters:)"
    r".*?(?=\n\[SQL|\n\(Background|\n\s*\n|\nTraceback|\n  File |\Z)",
    re.DOTALL,
)
"""Where PostgreSQL and its driver repeat values: `DETAIL:  Key (login)=(…) already exists`, `Failing row contains (…)`."""


def without_values(text: str) -> str:
    """An error's text without the values that a database repeats in it."""
    return _VALUES.sub(r"\1 …", text)


def _cut(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {key: without_values(value) if isinstance(value, str) else value for key, value in event.items()}


def _traceback(out: TextIO, error: structlog.typing.ExcInfo) -> None:
    text = io.StringIO()
    structlog.dev.plain_traceback(text, error)
    out.write(without_values(text.getvalue()))


def _unreadable(record: logging.LogRecord) -> bool:
    """One short line for bytes that are no HTTP: aiohttp prints a traceback with the whole line, which may hold a token or cookie."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.levelno, record.levelname = logging.INFO, "INFO"
        record.msg, record.args = "request cannot be read: %s", (type(error).__name__,)
        record.exc_info = record.exc_text = None
    return record.levelno >= logging.getLogger().level
