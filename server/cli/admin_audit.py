"""`shuangshi admin verify-audit | export-head | audit | permissions`."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from server.accounts.heads import HEADS, Head, latest, read_heads
from server.accounts.verify import Report, Verifier
from server.accounts.watch import Watch
from server.cli.hall import Hall, Word, say, say_json, utc_ms
from server.cli.matrix import as_json, as_table
from server.store.audit import AuditLine, AuditLines, Wanted

MOST = 10_000
"""Lines that one command prints at most."""


async def verify_audit(hall: Hall, arguments: argparse.Namespace) -> int:
    """Compute the chain anew; status 1 for a fault. A sound audit gets a line of it; one under suspicion is left as it is."""
    more: tuple[Head, ...] = ()
    if arguments.head:
        given = read_heads(arguments.head)
        if not given.heads or given.unreadable:
            raise OSError(f"{arguments.head}: no exported heads")
        more = given.heads
    report = await _watch(hall).verify(more)
    if report.ok:
        target = await hall.everything()
        await hall.acts.do(hall.who, "audit.verify", target, _nothing, details={"lines": report.lines, "exported": report.exported})
    _tell(hall, report, as_json=arguments.json)
    return 0 if report.ok else 1


def _tell(hall: Hall, report: Report, *, as_json: bool) -> None:
    if as_json:
        say_json({"ok": report.ok, **msgspec.to_builtins(report)})
        return
    kept = read_heads(hall.settings.data_dir / HEADS)
    last = latest(kept.heads)
    say(
        f"lines      {report.lines} fit" + ("" if report.ok else f" of {report.head}"),
        f"addresses  {report.origins} kept and as they were, {report.erased} erased",
        f"heads      {report.exported} exported ones compared" + (f", the last of {last.date}" if last else ""),
    )
    if kept.unreadable:
        say(f"           {kept.unreadable} lines of {HEADS} cannot be read")
    say("ok" if report.fault is None else f"FAULT      line {report.fault.seq}: {report.fault.kind}")


async def export_head(hall: Hall, arguments: argparse.Namespace) -> None:
    """Print the head, to be kept where who can write the database cannot. Its own line is the last one it covers."""
    del arguments
    await hall.acts.do(hall.who, "audit.export_head", await hall.everything(), _nothing)
    head = await _watch(hall).export()
    assert head is not None, "a line was just written"
    say_json(head)


async def audit(hall: Hall, arguments: argparse.Namespace) -> None:
    """Print lines, newest first."""
    wanted = Wanted(act=arguments.act or "", target=arguments.target or "", since=_since(hall, arguments.since))
    lines = await AuditLines(hall.store.database).lines(("/",), wanted, arguments.limit)
    origins = await hall.contents.texts([line.origin for line in lines if line.origin])
    await hall.acts.do(hall.who, "audit.read", await hall.everything(), _nothing, details={"lines": len(lines)})
    for line in lines:
        origin = origins.get(line.origin or "", "")
        if arguments.json:
            say_json({**_fields(line), "origin": origin})
        else:
            say(_as_text(hall, line, origin))


def _fields(line: AuditLine) -> dict[str, object]:
    return {**{name: getattr(line, name) for name in AuditLine.__slots__}, "details": msgspec.Raw(line.details.encode())}


def _as_text(hall: Hall, line: AuditLine, origin: str) -> str:
    at = dt.datetime.fromtimestamp(line.at / 1000, ZoneInfo(hall.settings.timezone)).isoformat(" ", "seconds")
    details = "" if line.details == "{}" else f"  {line.details}"
    return (
        f"{line.seq:>8}  {at}  {line.actor_kind}:{line.actor}  {line.act}  {line.target_kind}:{line.target}  {line.path}  {origin}{details}"
    )


def _since(hall: Hall, text: str | None) -> int | None:
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise OSError(f"--since {text}: a day like 2026-09-01 or a time like 2026-09-01T08:00 is needed") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(hall.settings.timezone))
    return int(moment.timestamp() * 1000)


def _watch(hall: Hall) -> Watch:
    verifier = Verifier(hall.store.database, hall.contents, hall.keys.audit_key)
    return Watch(verifier, hall.settings.data_dir, utc_ms)


async def _nothing(_: object) -> None:
    """Reading changes nothing; only its line is written."""


def permissions(arguments: argparse.Namespace) -> None:
    """Print who may do what."""
    if arguments.json:
        say_json(as_json())
    else:
        say(*as_table())


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--head", type=Path, metavar="FILE", help="compare with the exported heads of this file too")
    _json(parser)


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--act", help="only this act; `person.` for all that begin so")
    parser.add_argument("--target", metavar="ID", help="only about this object")
    parser.add_argument("--since", metavar="DAY", help="only from this day or time on")
    parser.add_argument("--limit", type=_limit, default=100, help=f"how many lines at most (100, up to {MOST})")
    _json(parser)


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"1 to {MOST}")
    return int(text)


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


WORDS = (
    Word("verify-audit", "verify the chain of the audit; status 1 for a fault", verify_audit, _verify_arguments),
    Word("export-head", "print the head of the audit, to be kept elsewhere", export_head),
    Word("audit", "list lines of the audit, newest first", audit, _audit_arguments),
    Word("permissions", "print who may do what: action by role, reach and tier", None, _json, permissions),
)
