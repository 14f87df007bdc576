"""The replay of a lesson that goes on: what its page plays, to whoever is in it and to whoever may see it afterwards."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from server.domain.board.events import BlankAdded
from server.domain.events import Envelope
from server.store import tables as t
from server.store.events import row_of
from server.web import keys
from tests.harness.captures import Written
from tests.harness.postgres import both_databases
from tests.server.web.conftest import Town
from tests.server.web.test_shift import LESSON, RECORDING, begin, shift, taught

__all__ = ["begin", "taught"]

DATA = f"/shift/{LESSON}/data"


async def happens(town: Town, seq: int, at: int) -> None:
    event = Envelope(LESSON, seq, at, BlankAdded(sheet="blank"), "system", command_id=f"c{seq}")
    await town.web.app[keys.STORE].database.execute(insert(t.lesson_event).values(row_of(event)))
    await town.web.app[keys.STORE].database.execute(update(t.lesson).where(t.lesson.c.id == LESSON).values(head=seq))


@both_databases
@pytest.mark.parametrize(("who", "path"), [("x2.d1", DATA), ("x2.assistant", DATA), ("x1.teacher", f"/replay/{LESSON}/data")])
async def test_its_log_is_told_from_the_moment_on_that_they_were_let_in_and_grows(
    town: Town, taught: Written, begin: int, who: str, path: str
) -> None:
    browser = town.browser(who)
    found = await shift(browser, path)
    assert (found["begin"], found["files"], found["lesson"]["id"]) == (begin, [], LESSON)
    assert found["end"] >= begin
    assert found["live"].startswith("/replays/")
    log = found["log"]
    assert "lesson.opened" not in {kind for _, kind, _ in log["events"]}, "what was before is in the state"
    assert [one["kind"] for one in log["chapters"]] == ["begin"]
    await happens(town, log["seq"] + 1, begin + 5_000)
    news = (await shift(browser, f"{path}?after={log['seq']}"))["log"]
    assert [(at, kind) for at, kind, _ in news["events"]] == [(begin + 5_000, "board.blanked")]
    assert news["seq"] == log["seq"] + 1
    nothing = (await shift(browser, f"{path}?after={news['seq']}"))["log"]
    assert (nothing["events"], nothing["seq"]) == ([], news["seq"])


async def test_what_it_is_asked_for_is_looked_at(town: Town, taught: Written) -> None:
    for after in ("x", "-1", "1" * 10, "١"):
        for who, path in (("x2.d1", DATA), ("x1.teacher", f"/replay/{LESSON}/data")):
            assert (await town.browser(who).get(f"{path}?after={after}")).status == 400, after


async def test_where_nothing_is_recorded_there_is_nothing_to_look_back_at(town: Town, taught: Written) -> None:
    answer = await town.browser("y1.teacher").get(DATA)
    assert answer.status == 404
    await town.web.app[keys.STORE].database.execute(update(t.recording).where(t.recording.c.id == RECORDING).values(removed=1))
    found = await shift(town.browser("x2.d1"), DATA)
    assert (found["live"], found["lesson"]["id"], "log" in found) == ("", LESSON, False)


async def test_its_page_is_framed_by_ours_and_names_nothing_but_the_lesson(town: Town, taught: Written) -> None:
    page = await town.browser("x2.d1").get(f"/shift/{LESSON}/page?a=me-classroom", page=True)
    assert page.status == 200
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    text = await page.text()
    assert f"/shift/{LESSON}/data?a=me-classroom" in text
    screen = await town.browser("x2.d1").get(f"/class/{LESSON}?a=me-classroom", page=True)
    assert "frame-src 'self'" in screen.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in screen.headers["Content-Security-Policy"]
