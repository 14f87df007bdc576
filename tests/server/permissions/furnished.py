"""The two counties with one of everything that an address can name, and secrets that can be searched for in answers.

Ids: course `k.x1`, term `t.x1`, bell `b.x1`, lesson `later.x`, knock and pairing `knock.x1`, waiting pairing `wait.x1`, device `x1.d9`,
class `x1.c2`, group `ask.x` of county y that asks room `x1.r2`, public resource `lib.x`, draft of lesson `of.draft.x`; the same of y. The
lesson of county y is `lesson.y`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import delete, insert, update

from media.client import live, manifest
from server.accounts import cookies
from server.accounts.contents import Contents
from server.accounts.slips import Slips
from server.domain.payload import TextRef
from server.domain.quiz.choice import Key
from server.domain.quiz.events import QuizOpened
from server.domain.quiz.state import Quiz
from server.store import Database
from server.store import tables as t
from server.store.book import keep_card
from tests.harness.zones import SCHOOL_ZONE
from tests.server import world as worlds
from tests.server.library.taught import LENGTH, cut_out, drafted, published
from tests.server.services import PASSWORD, QUICK

MINUTE = 60_000
FILM = "teacher-001.webm"
PART = "e1.1.webm"
COUNTIES = ("x", "y")
PIN = "918273"
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SECRETS = {
    "pupil name": "标记学生",
    "pupil number": "N7102",
    "wrong answer": "标记错题",
    "person number": "33010219800101",
    "colleague name": "标记同事",
    "teacher name": "标记老师",
    "lesson name": "标记课时",
    "lesson room": "标记教室",
    "other room": "标记空房",
    "join code": "91827",
    "other class": "标记班级",
    "course name": "标记课程",
    "group name": "标记小组",
    "pairing code": "QRST 234",
    "knock picture": "/9j/TUFSS0VS",
    "audit line": "marked-line-",
    "courseware name": "标记课件",
    "courseware page": "marked-page-",
    "resource title": "标记资源",
    "draft title": "标记草稿",
}
"""What begins the secret; the county's letter (digit, in a code) ends it."""


def secret(name: str, county: str) -> str:
    """The text that only some may ever read."""
    return SECRETS[name] + ({"x": "3", "y": "4"}[county] if name == "join code" else county.upper())


def page_of(county: str) -> tuple[str, str]:
    """What the one page of the county's courseware holds, and the hash of it."""
    text = secret("courseware page", county)
    return text, hashlib.sha256(text.encode()).hexdigest()


def tomorrow(days: int = 1) -> dt.date:
    """A day of the school."""
    return dt.datetime.now(SCHOOL_ZONE).date() + dt.timedelta(days=days)


async def build(database: Database, contents: Contents, now: int) -> tuple[worlds.World, dict[str, str]]:
    """Write everything; the world, and one-time papers by name."""
    world = await worlds.build(database, contents, now)
    papers: dict[str, str] = {}

    async def write(connection: Any) -> None:
        await connection.execute(update(t.classroom).values(pin=await QUICK.hash(PIN)))
        for county in COUNTIES:
            school = f"{county}1"
            await _people(connection, contents, world, now, county, school)
            await _school(connection, contents, world, now, county, school)
            await _calendar(connection, now, county, school)
            await _lessons(connection, now, county, school)
            await _devices(connection, contents, now, county, school, papers)
            await _courseware(connection, now, county)
            await _mistakes(connection, contents, now, county, school)
        kept = await QUICK.hash(PASSWORD)
        factor = await contents.put(connection, "totp", "everybody", TOTP)
        await connection.execute(update(t.person).values(password_hash=kept, totp=factor.id))
        await connection.execute(update(t.session).values(seen=now + worlds.HOUR))  # reading never writes
        await connection.execute(update(t.device).values(seen=now + worlds.HOUR))
        papers["child"] = await Slips(database, lambda: now).issue(connection, "parent", "x1.c1.s3", "test")
        papers["slip"] = await Slips(database, lambda: now).issue(connection, "reset", "x1.colleague", "test")
        feed = cookies.issue("x1.teacher")
        papers["feed"] = feed.text
        row = {"person": feed.id, "secret_hash": cookies.hash_secret(feed.secret), "created": now}
        await connection.execute(insert(t.feed).values(**row))

    await database.write(write)
    for county in COUNTIES:
        await published(database, f"lib.{county}", f"{county}1", title=secret("resource title", county))
        await drafted(database, f"draft.{county}", f"{county}1", title=secret("draft title", county))
        await _recordings(database, now, county)
    return world, papers


async def _people(connection: Any, contents: Contents, world: worlds.World, now: int, county: str, school: str) -> None:
    who = f"{school}.colleague"
    name = await contents.put(connection, "name", who, secret("colleague name", county))
    number = await contents.put(connection, "number", who, secret("person number", county))
    index = contents.blind("person", secret("person number", county))
    row = {"id": who, "org": school, "login": who, "name": name.id, "number": number.id, "number_index": index}
    await connection.execute(insert(t.person).values(**row, created=now))
    row = {"id": f"a.{who}", "person": who, "role": "teacher", "org": school, "valid_from": 0, "granted_by": "test"}
    await connection.execute(insert(t.assignment).values(**row, created=now))
    await worlds._session(connection, world, now, who, "person")
    called = await contents.put(connection, "name", f"{school}.teacher", secret("teacher name", county))
    await connection.execute(update(t.person).where(t.person.c.id == f"{school}.teacher").values(name=called.id))


async def _school(connection: Any, contents: Contents, world: worlds.World, now: int, county: str, school: str) -> None:
    room, group = t.classroom.c, f"{school}.c1"
    for row, name in ((f"{school}.r1", "lesson room"), (f"{school}.r2", "other room")):
        await connection.execute(update(t.classroom).where(room.id == row).values(name=secret(name, county)))
    await connection.execute(update(t.classroom).where(room.id == f"{school}.r1").values(join_code=secret("join code", county)))
    row = {"id": f"{school}.c2", "org": school, "code": "302", "name": secret("other class", county), "grades": "3", "year": 2026}
    await connection.execute(insert(t.school_class).values(**row, created=now))
    for student, number, name in (
        (f"{group}.s9", secret("pupil number", county), secret("pupil name", county)),
        (f"{school}.c2.s1", "01", "别班学生"),
    ):
        home = student.rpartition(".")[0]
        sealed = [(await contents.put(connection, kind, student, text)).id for kind, text in (("number", number), ("name", name))]
        index = contents.blind(f"student/{home}", number)
        row = {"id": student, "school_class": home, "number": sealed[0], "number_index": index, "name": sealed[1]}
        await connection.execute(insert(t.student).values(**row, pin_hash=await QUICK.hash(PIN), created=now))
    plan = {"id": f"plan.{school}", "school_class": group, "classroom": f"{school}.r1", "valid_from": "2026-09-01", "created": now}
    await connection.execute(insert(t.seating_plan).values(**plan))
    await connection.execute(insert(t.seat).values(plan=f"plan.{school}", seat=1, student=f"{group}.s9"))
    await worlds._session(connection, world, now, f"{school}.c2.s1", "student")
    if county == "y":
        row = {"id": "g.y", "org": "y", "name": "", "kind": "schools", "master_classroom": "y1.r1"}
        await connection.execute(insert(t.standing_group).values(**row, created=now))
        await connection.execute(
            insert(t.group_room).values(standing_group="g.y", classroom="y2.r1", school_class="y2.c1", accepted_at=now)
        )
    other = {"x": "y", "y": "x"}[county]
    row = {"id": f"ask.{county}", "org": other, "name": "邀请", "kind": "paired", "master_classroom": f"{other}1.r1"}
    await connection.execute(insert(t.standing_group).values(**row, created=now))
    await connection.execute(insert(t.group_room).values(standing_group=f"ask.{county}", classroom=f"{school}.r2"))
    named = update(t.standing_group).where(t.standing_group.c.id == f"g.{county}").values(name=secret("group name", county))
    await connection.execute(named)


async def _calendar(connection: Any, now: int, county: str, school: str) -> None:
    monday = tomorrow(-30) - dt.timedelta(days=tomorrow(-30).weekday())
    row = {"id": f"t.{school}", "org": school, "name": "学期", "first_day": monday.isoformat(), "last_day": tomorrow(40).isoformat()}
    await connection.execute(insert(t.term).values(**row, week_one=monday.isoformat(), created=now))
    bell = {"id": f"b.{school}", "org": school, "name": "作息", "valid_from": monday.isoformat(), "created": now}
    await connection.execute(insert(t.bell).values(**bell))
    await connection.execute(insert(t.bell_period).values(bell=f"b.{school}", period=1, begins="08:00", ends="08:40"))
    row = {"id": f"k.{school}", "org": school, "term": f"t.{school}", "name": secret("course name", county), "subject": "maths"}
    row |= {"stage": "primary", "grade": "3", "edition": "人教版", "volume": "上册", "teacher": f"{school}.teacher"}
    row |= {"master_classroom": f"{school}.r1", "school_class": f"{school}.c1", "standing_group": f"g.{county}"}
    await connection.execute(insert(t.course).values(**row, created=now))
    weekday = tomorrow(3).isoweekday()
    slot = {"id": f"slot.{school}", "course": f"k.{school}", "weekday": weekday, "period": 1, "weeks": "all"}
    await connection.execute(insert(t.course_slot).values(**slot))


async def _lessons(connection: Any, now: int, county: str, school: str) -> None:
    remote = ("x2.r1", "y1.r1") if county == "x" else ("y2.r1",)
    day = tomorrow(2)
    later = int(dt.datetime.combine(day, dt.time(6 if county == "x" else 8), SCHOOL_ZONE).timestamp() * 1000)
    wanted = [(f"later.{county}", later)] + [("lesson.y", now + 60 * MINUTE)] * (county == "y")
    for lesson, begin in wanted:
        row = {"id": lesson, "name": "后天的课", "head": 0, "created": now, "org": school, "day": day.isoformat(), "grade": "3"}
        row |= {"starts_at": begin, "ends_at": begin + 40 * MINUTE, "teacher": f"{school}.teacher", "subject": "maths"}
        await connection.execute(insert(t.lesson).values(**row, master_classroom=f"{school}.r1", school_class=f"{school}.c1"))
        people = [("master", "master", "主讲"), *((f"pt.{lesson}.{room}", "classroom", room) for room in remote)]
        for who, role, name in people:
            await connection.execute(insert(t.participant).values(lesson=lesson, id=who, role=role, name=name))
        for room in remote:
            part = {"classroom": room, "participant": f"pt.{lesson}.{room}", "school_class": f"{room[:2]}.c1"}
            await connection.execute(insert(t.lesson_room).values(lesson=lesson, **part))
        schools = [school, *(room[:2] for room in remote)]
        booked = [f"teacher:{school}.teacher", *(f"room:{one}.r1" for one in schools), *(f"class:{one}.c1" for one in schools)]
        for resource in booked:
            times = {"starts_at": begin, "ends_at": begin + 40 * MINUTE}
            await connection.execute(insert(t.booking).values(resource=resource, lesson=lesson, **times))
    role = {"id": f"a.later.{county}", "person": f"{school}.admin", "role": "assistant", "lesson": f"later.{county}", "valid_from": 0}
    await connection.execute(insert(t.assignment).values(**role, granted_by="test", created=now))
    await connection.execute(update(t.lesson).where(t.lesson.c.id == f"lesson.{county}").values(name=secret("lesson name", county)))


async def _courseware(connection: Any, now: int, county: str) -> None:
    blob = page_of(county)[1]
    row = {"id": f"cw.{county}", "lesson": f"lesson.{county}", "name": secret("courseware name", county), "kind": "pptx", "size": 9}
    row |= {"source": "0" * 64, "by": "test", "created": now, "state": "ready", "pages": 1, "drawn": 1, "version": f"v.{county}"}
    await connection.execute(insert(t.courseware).values(**row))
    page = {"courseware": f"cw.{county}", "page": 1}
    shown = {"width": 1600, "height": 900, "picture": blob, "preview": blob, "size": 9}
    await connection.execute(insert(t.courseware_page).values(**page, **shown))
    await connection.execute(insert(t.courseware_media).values(**page, place=0, blob=blob, type="video/mp4"))


async def _mistakes(connection: Any, contents: Contents, now: int, county: str, school: str) -> None:
    """In a lesson of last week the first pupil and the marked one wrote the same wrong thing."""
    lesson, begin = f"past.{county}", now - 7 * 24 * worlds.HOUR
    row = {"id": lesson, "name": "上周的课", "head": 0, "created": begin, "org": school, "starts_at": begin, "ends_at": begin + worlds.HOUR}
    await connection.execute(insert(t.lesson).values(**row, phase="archived", school_class=f"{school}.c1"))
    texts = [(await contents.put(connection, "lesson", lesson, words)).id for words in ("？", "对的", secret("wrong answer", county))]
    question, right, wrong = (TextRef(id_, "0" * 64) for id_ in texts)
    card = QuizOpened(quiz="q1", type="text", question=question, key=Key(texts=(right,)))
    kept = Quiz(card, begin + MINUTE)
    await keep_card(connection, lesson, kept, {f"{school}.c1.s{n}": wrong for n in (1, 9)})


def watched(now: int, county: str) -> dict[str, tuple[int, int]]:
    """Lesson that can be watched → from when to when, on its clock."""
    return {f"lesson.{county}": (now, now + MINUTE), f"of.lib.{county}": (0, LENGTH), f"of.draft.{county}": (0, LENGTH)}


def recording_of(lesson: str) -> str:
    """Id of its recording."""
    return f"rec-{lesson.replace('.', '-')}"


async def _recordings(database: Database, now: int, county: str) -> None:
    """Some that can be watched, and one that could not be made playable."""
    row = {"begun": now - MINUTE, "ended": now, "octets": 9, "duration_ms": MINUTE}
    for lesson in watched(now, county):
        mine = {"id": recording_of(lesson), "lesson": lesson}
        await database.execute(delete(t.recording_cut).where(t.recording_cut.c.recording == mine["id"]))
        await database.execute(delete(t.recording).where(t.recording.c.id == mine["id"]))
        await database.execute(insert(t.recording).values(**row, **mine, state="ready", thin="done"))
        if lesson.startswith("of.lib"):
            await cut_out(database, lesson, 0, LENGTH)
    failed = {"id": f"failed-{county}", "lesson": f"later.{county}", "state": "failed", "error": "recording.unreadable"}
    await database.execute(insert(t.recording).values(**row | failed))


def keep_recordings(data: Path, now: int) -> None:
    """The files of those that can be watched."""
    film = {"name": FILM, "group": "teacher", "media_type": "video/webm", "octets": 4, "sha256": "0" * 64, "video": True, "audio": True}
    for county in COUNTIES:
        for lesson, (begin, end) in watched(now, county).items():
            for folder in (manifest.PLAY, manifest.cut_of(begin, end)):
                play = manifest.folder(data, recording_of(lesson)) / folder
                play.mkdir(parents=True)
                (play / FILM).write_bytes(b"film")
                file = manifest.PlayFile(begin=begin, end=end, **film)  # type: ignore[arg-type]
                made = manifest.Manifest(recording=recording_of(lesson), begin=begin, end=end, takes=1, files=(file,), missing=())
                (play / manifest.MANIFEST).write_bytes(msgspec.json.encode(made))
            keep_parts(play.with_name(live.LIVE), begin)


def keep_parts(folder: Path, begin: int) -> None:
    """What was made of it while class went on."""
    folder.mkdir()
    run = live.Run(run=1, group="teacher", kind="video", codec="VP8", media_type="video/webm", name=PART, octets=4, begin=begin)
    part = live.Segment(run=1, name="e1.1-000001.webm", begin=begin, end=begin + 2000, octets=4, key=True)
    lines = (live.Opened(recording="r", edition="e1", origin=begin), run, part, live.Ended())
    (folder / live.JOURNAL).write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    for name in (run.name, part.name):
        (folder / name).write_bytes(b"part")
    (folder / live.HLS).mkdir()
    sound = live.Run(run=1, group="teacher", kind="audio", codec="AAC", media_type="audio/mp4", name="e1h.1.m4s", octets=4, begin=begin)
    made = (lines[0], sound, live.Segment(run=1, name="e1h.1-000001.m4s", begin=begin, end=begin + 2000, octets=4, key=True), live.Ended())
    (folder / live.HLS / live.JOURNAL).write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in made))


async def _devices(connection: Any, contents: Contents, now: int, county: str, school: str, papers: dict[str, str]) -> None:
    room = f"{school}.r1"
    row = {"id": f"{school}.d9", "classroom": room, "name": "PC", "secret_hash": "0" * 64, "approved_by": "test", "created": now}
    await connection.execute(insert(t.device).values(**row))
    knocking = "x2.r1" if county == "x" else "y2.r1"
    code = secret("pairing code", county).replace(" ", "")
    for name, where, shown in ((f"wait.{school}", room, code), (f"knock.{school}", knocking, f"KNCK234{county.upper()}")):
        bearer = cookies.issue(name)
        papers[name] = bearer.text
        row = {"id": name, "code": shown, "classroom": where, "name": "PC", "secret_hash": cookies.hash_secret(bearer.secret)}
        await connection.execute(insert(t.pairing).values(**row, created=now, expires_at=now + worlds.HOUR))
    picture = await contents.put(connection, "knock", f"knock.{school}", secret("knock picture", county))
    row = {"id": f"knock.{school}", "lesson": f"lesson.{county}", "classroom": knocking, "picture": picture.id}
    await connection.execute(insert(t.knock).values(**row, created=now, expires_at=now + worlds.HOUR))
