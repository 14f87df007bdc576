"""`shuangshi admin import | export`: tables in and out. An import is a dry run until it is told to write."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import msgspec

from server.cli.hall import Hall, Word, say, say_json
from server.school.exchange.exchange import Exchange
from server.school.exchange.findings import Report
from server.school.exchange.specs import TABLES
from server.school.sheets.files import Format
from server.school.sheets.limits import MOST_BYTES
from server.web.assets import ROOT
from server.web.catalogue import Catalogue, load


async def import_table(hall: Hall, arguments: argparse.Namespace) -> int:
    """Check a file, and write all of it where wished; status 1 for bad cells, with which nothing is written."""
    with arguments.file.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    exchange = _exchange(hall)
    work = exchange.apply if arguments.apply else exchange.check
    report = await work(hall.who, arguments.table, data)
    if arguments.json:
        say_json({"ok": report.ok, "written": report.ok and arguments.apply, **msgspec.to_builtins(report)})
    else:
        _tell(report, load(ROOT / "locales"), hall.settings.lang, written=arguments.apply)
    return 0 if report.ok else 1


def _tell(report: Report, catalogue: Catalogue, lang: str, *, written: bool) -> None:
    for one in report.bad:
        say(f"row {one.row}  {one.column}  {one.code}: {catalogue.formatted(lang, f'cell.{one.code}', one.params)}")
    if not report.ok:
        say(f"REFUSED  {len(report.bad)} bad cells; nothing was written")
        return
    say(f"{'written' if written else 'ok'}  {report.rows} rows: {report.new} new, {report.changed} changed, {report.same} as they were")
    if not written and report.new + report.changed:
        say("Nothing was written yet: add --apply.")


async def export_table(hall: Hall, arguments: argparse.Namespace) -> None:
    """Write a table into a file, mode 0600: it may hold names. What the file's name ends with says its format."""
    kind: Format | None = next((one for one in get_args(Format) if arguments.file.suffix.lower() == f".{one}"), None)
    if kind is None:
        raise OSError(f"{arguments.file}: the name must end with .xlsx or .csv")
    if arguments.file.exists():
        raise OSError(f"{arguments.file}: there is such a file already")
    data = await _exchange(hall).export(hall.who, arguments.table, kind, await _org(hall, arguments.org))
    arguments.file.touch(mode=0o600, exist_ok=False)
    arguments.file.write_bytes(data)
    say(f"written  {arguments.file}")


async def _org(hall: Hall, code: str | None) -> str:
    if not code:
        return ""
    found = await hall.office.orgs.by_code(code)
    if found is None:
        raise OSError(f"--org {code}: no organisation has this code")
    return found.id


def _exchange(hall: Hall) -> Exchange:
    return Exchange(hall.office, ZoneInfo(hall.settings.timezone))


def _table(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", metavar="TABLE", choices=tuple(TABLES), help=" | ".join(TABLES))
    parser.add_argument("file", metavar="FILE", type=Path)


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    _table(parser)
    parser.add_argument("--apply", action="store_true", help="write it, all or nothing; without it the file is only checked")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    _table(parser)
    parser.add_argument("--org", metavar="CODE", help="only this organisation and what is under it")


WORDS = (
    Word("import", "check a table of school data (XLSX or CSV), and write it with --apply", import_table, _import_arguments),
    Word("export", "write a table of school data into FILE (.xlsx or .csv)", export_table, _export_arguments),
)
