"""`shuangshi admin rotate-keys | erase`."""

from __future__ import annotations

import argparse

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts import erasure
from server.accounts.acts import Target
from server.accounts.people import People
from server.accounts.rotation import Rotation
from server.accounts.sessions import Sessions
from server.cli.hall import Hall, Word, say, utc_ms
from server.school import classes


async def rotate_keys(hall: Hall, arguments: argparse.Namespace) -> int:
    """A new data key, all contents sealed anew under it, old keys dropped where wished. Status 1: some rows no key opens."""
    target, file = await hall.everything(), hall.keys.file
    if file:
        new = file.add()
        await hall.acts.do(hall.who, "keys.add", target, _nothing, details={"key": new})
        say(f"new key      {new}")
    else:
        say(f"current key  {hall.contents.vault.current} (the last one of SHUANGSHI_DATA_KEYS)")
    rotation = Rotation(hall.store.database, hall.contents, file)
    done = await rotation.reseal()
    await hall.acts.do(hall.who, "keys.reseal", target, _nothing, details={"rows": done.rows, "unopened": done.unopened})
    say(f"sealed anew  {done.rows - done.recordings} texts, {done.recordings} keys of recordings")
    if done.unopened:
        say(f"NOT opened   {done.unopened} of them: no key here opens them; they were left as they are")
    if arguments.drop_old:
        gone = await hall.acts.do(hall.who, "keys.drop", target, rotation.drop, details=lambda keys: {"keys": len(keys)})
        say(f"{'dropped' if file else 'take out':<11}  {' '.join(gone) or 'nothing'}")
    return 1 if done.unopened else 0


async def erase(hall: Hall, arguments: argparse.Namespace) -> None:
    """What is kept of an id is gone for good; the id stays in logs and says nothing."""
    office, row = hall.office, arguments.id
    if person := await office.people.get(row):
        await People(office, Sessions(office.database, utc_ms, hall.settings.session_hours), utc_ms).erase(hall.who, row, person.version)
    elif student := await office.students.get(row):
        await classes.erase(office, hall.who, row, student.version)
    else:
        target = await hall.everything()
        rows = await erasure.erase(hall.acts, hall.contents, hall.who, Target("content", row, target.path))
        say(f"texts   {rows}")
    say(f"erased  {row}")


async def _nothing(_: AsyncConnection) -> None:
    """What was done lies outside the database; only its line is written."""


def _rotate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--drop-old", action="store_true", help="then remove the keys that no text is sealed under any more")


def _erase_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="id of a person, a student, or anybody else whose texts are kept")


WORDS = (
    Word("rotate-keys", "add a data key and seal all personal data anew under it, while the school works", rotate_keys, _rotate_arguments),
    Word("erase", "erase what is kept of a person or student for good", erase, _erase_arguments),
)
