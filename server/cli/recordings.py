"""`shuangshi recording list | show | export | remove`: every recording, also of lessons made by hand, which belong to no office."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import hashlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from media.client import manifest
from media.client.manifest import Manifest
from server.accounts.acts import Target
from server.cli.hall import Hall, Word, say, say_json, teach
from server.domain.recording import Recording
from server.domain.seen import Audience
from server.errors import NoSuchLesson, NotThere, RecordingGone
from server.replay.files import Files
from server.replay.past import Past
from server.replay.service import Replays
from server.replay.stores.chosen import store_of
from server.replay.stores.keyring import Keyring
from server.replay.vtt import chapters_of
from server.store.kept import KeptStore
from server.store.recordings import RecordingStore
from server.web.assets import ROOT
from server.web.catalogue import LANGUAGES, load

MOST = 1000
"""Recordings that one command prints at most."""
TEACHER = Audience("master")
"""Whose log is exported: whoever may read the data directory may read all of it."""


async def listed(hall: Hall, arguments: argparse.Namespace) -> None:
    """Print recordings, the latest first."""
    rows = await RecordingStore(hall.store.database).every(min(arguments.limit, MOST))
    await hall.acts.do(hall.who, "recording.list", await hall.everything(), _nothing, details={"recordings": len(rows)})
    for one, name in rows:
        if arguments.json:
            say_json({**_fields(one), "name": name})
        else:
            state = "removed" if one.removed is not None else one.state
            say(f"{one.lesson}  {state:8}  {_when(hall, one.begun)}  {_length(one.duration_ms):>8}  {one.octets:>13}  {name}")


async def show(hall: Hall, arguments: argparse.Namespace) -> None:
    """Print one: what there is, and what is missing and why."""
    found, target = await _found(hall, arguments.lesson)
    await hall.acts.do(hall.who, "recording.list", target, _nothing)
    async with _replays(hall) as replays:
        made = await replays.manifest(found) if found.playable else None
    if arguments.json:
        say_json({**_fields(found), "manifest": made})
        return
    say(*(f"{name:<12} {value}" for name, value in _fields(found).items() if value not in ("", None)))
    if made is not None:
        say(
            *(
                f"file         {one.name}  {_length(one.begin - made.begin)}-{_length(one.end - made.begin)}  {one.octets}"
                for one in made.files
            )
        )
        say(
            *(
                f"missing      {_length(gap.begin - made.begin)}  {gap.end - gap.begin} ms  {gap.track or 'everything'}  {gap.why}"
                for gap in made.missing
            )
        )


async def export(hall: Hall, arguments: argparse.Namespace) -> None:
    """Write it as standard files into a new folder. Raises `OSError`; a folder that something lies in is left alone."""
    found, target = await _found(hall, arguments.lesson)
    into = Path(arguments.folder)
    await asyncio.to_thread(_free, into)
    async with _replays(hall) as replays:
        made = await replays.manifest(found)
        await hall.acts.do(hall.who, "recording.export", target, _nothing, details={"files": len(made.files)})
        await asyncio.to_thread(into.mkdir, 0o700, parents=True, exist_ok=True)
        for one in made.files:
            try:
                async with replays.files.local(found.id, manifest.PLAY, one.name) as source:
                    await asyncio.to_thread(_copy, source, into / one.name, one.sha256)
            except NotThere as error:
                raise OSError(f"{one.name} is lost") from error
            say(f"{one.name}  {one.octets}")
    await _beside(hall, found, made, into, arguments.lang)
    say("manifest.json", "chapters.vtt", "log.jsonl")


async def _beside(hall: Hall, found: Recording, made: Manifest, into: Path, lang: str) -> None:
    past, catalogue = Past(hall.store, hall.contents), load(ROOT / "locales")
    (into / manifest.MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(made)))
    cut, names = await past.cut(found.lesson, made.begin, made.end), await past.names(found.lesson)
    text = chapters_of(cut.chapters, made.begin, made.end, names, lambda key, params: catalogue.formatted(lang, key, params))
    (into / "chapters.vtt").write_text(text, encoding="utf-8")
    with (into / "log.jsonl").open("wb") as log:
        head = {"lesson": found.lesson, "name": cut.state.name, "begin": made.begin, "end": made.end, "view": TEACHER.view}
        log.write(msgspec.json.encode(head) + b"\n")
        async for lines in past.lines(found.lesson, made.begin, made.end, TEACHER):
            log.write(lines)


def _free(into: Path) -> None:
    if into.exists() and any(into.iterdir()):
        raise FileExistsError(f"{into}: something lies there already")


def _copy(source: Path, target: Path, sha256: str) -> None:
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise OSError(f"{target.name} is damaged: it is not what was made")


async def remove(hall: Hall, arguments: argparse.Namespace) -> None:
    """Delete its files for good. Raises `RecordingBusy` while it is captured, made or shown in the library."""
    found, target = await _found(hall, arguments.lesson)
    if not arguments.yes:
        raise OSError(f"all of the recording of lesson {found.lesson} will be deleted: say --yes")
    async with _replays(hall) as replays:
        await replays.discard(hall.who, target, found)
    say(f"removed {found.lesson}")


async def _found(hall: Hall, id_or_name: str) -> tuple[Recording, Target]:
    """A lesson's recording, and where its line belongs. Raises `NoSuchLesson`, `NotThere`, `RecordingGone`."""
    lesson_id = await hall.store.find_lesson(id_or_name)
    if lesson_id is None:
        raise NoSuchLesson
    found = await RecordingStore(hall.store.database).of_lesson(lesson_id)
    if found is None:
        raise NotThere("nothing was recorded of it")
    if found.removed is not None:
        raise RecordingGone
    lesson = await hall.office.schedule.lesson(lesson_id)
    path = lesson.path if lesson is not None and lesson.path else await hall.office.orgs.whole()
    return found, Target("lesson", lesson_id, path)


@asynccontextmanager
async def _replays(hall: Hall) -> AsyncIterator[Replays]:
    """With whatever store the settings name."""
    kept, store = KeptStore(hall.store.database), store_of(hall.settings)
    try:
        yield Replays(hall.store, hall.office, Files(hall.settings.data_dir, kept, Keyring(hall.contents, kept), store))
    finally:
        if store is not None:
            await store.close()


def _fields(one: Recording) -> dict[str, object]:
    return {name: getattr(one, name) for name in Recording.__slots__ if name not in ("lease_until", "tries")}


def _when(hall: Hall, at: int) -> str:
    return dt.datetime.fromtimestamp(at / 1000, ZoneInfo(hall.settings.timezone)).isoformat(" ", "minutes")[:16]


def _length(ms: int) -> str:
    return str(dt.timedelta(seconds=round(ms / 1000)))


async def _nothing(_: AsyncConnection) -> None:
    """Only the line."""


def _one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lesson", metavar="LESSON", help="id or name of the lesson")


def _list_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=int, default=100, help=f"so many at most, up to {MOST}")
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")


def _show_words(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, with the whole manifest")


def _export_words(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    parser.add_argument("folder", metavar="FOLDER", help="made if it is not there; nothing may lie in it")
    parser.add_argument("--lang", choices=LANGUAGES, default="zh", help="of the chapters")


def _remove_words(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    parser.add_argument("--yes", action="store_true", help="without this nothing is removed")


WORDS = (
    Word("list", "list recordings: lesson, state, begin, length, bytes, name", listed, _list_words),
    Word("show", "print one: files, and what is missing and why", show, _show_words),
    Word("export", "write films, sound, chapters and log as standard files", export, _export_words),
    Word("remove", "delete what was captured and made of a lesson", remove, _remove_words),
)


def add_words(parser: argparse.ArgumentParser) -> None:
    """Teach the command line the words."""
    teach(parser, WORDS)
