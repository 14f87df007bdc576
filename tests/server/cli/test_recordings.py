"""`shuangshi recording …` over a real store, in this process."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import av
import pytest
from sqlalchemy import insert, update

from media.client import manifest
from server.__main__ import main
from server.cli.hall import open_hall
from server.settings import read
from server.store import tables as t
from tests.harness.recorded import LENGTH, SECOND, recorded
from tests.server.cli.test_admin import acts, build_world, data  # noqa: F401 — a fixture

BEGIN = 1_795_000_000_000
LESSON, HAND = "lesson.x", "by-hand"


def told(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    capsys.readouterr()
    if status:
        with pytest.raises(SystemExit) as ended:
            main(("recording", *words))
        assert ended.value.code == status
        return capsys.readouterr().err
    main(("recording", *words))
    return capsys.readouterr().out


def write(*statements: Any) -> None:
    async def do() -> None:
        async with open_hall(read()) as one:
            for statement in statements:
                await one.store.database.execute(statement)

    asyncio.run(do())


@pytest.fixture
def lessons(data: Path) -> Path:  # noqa: F811
    """One of the timetable and one made by hand, both recorded."""
    build_world()
    write(insert(t.lesson).values(id=HAND, name="分数的认识", head=0, created=0))

    async def make() -> None:
        async with open_hall(read()) as one:
            await recorded(one.store.database, data, BEGIN, LESSON)
            await recorded(one.store.database, data, BEGIN + 1000, HAND)

    asyncio.run(make())
    return data


def test_every_recording_is_listed_also_one_that_belongs_to_nobody(capsys: pytest.CaptureFixture[str], lessons: Path) -> None:
    lines = told(capsys, "list").splitlines()
    assert [line.split()[0] for line in lines] == [HAND, LESSON]
    assert "ready" in lines[0]
    assert lines[0].endswith("分数的认识")
    first, second = map(json.loads, told(capsys, "list", "--json").splitlines())
    assert (first["lesson"], first["state"], second["duration_ms"]) == (HAND, "ready", LENGTH * SECOND)
    assert len(told(capsys, "list", "--limit", "1").splitlines()) == 1
    assert acts() == ["recording.list"] * 3


def test_one_is_shown_by_id_or_name_with_what_is_missing(capsys: pytest.CaptureFixture[str], lessons: Path) -> None:
    text = told(capsys, "show", "分数的认识")
    assert "file         teacher-001.webm  0:00:00-0:00:24" in text
    assert "missing      0:00:24  12000 ms  everything  worker" in text
    found = json.loads(told(capsys, "show", HAND, "--json"))
    assert [one["name"] for one in found["manifest"]["files"]] == ["teacher-001.webm", "teacher-002.webm"]
    assert "lesson.unknown" in told(capsys, "show", "nothing", status=1)
    write(insert(t.lesson).values(id="bare", name="bare", head=0, created=0))
    assert "object.unknown" in told(capsys, "show", "bare", status=1)


def test_it_is_written_as_standard_files(capsys: pytest.CaptureFixture[str], lessons: Path, tmp_path: Path) -> None:
    into = tmp_path / "out" / "here"
    assert "teacher-001.webm" in told(capsys, "export", HAND, str(into), "--lang", "en")
    assert {path.name for path in into.iterdir()} == {
        "teacher-001.webm",
        "teacher-002.webm",
        "manifest.json",
        "chapters.vtt",
        "log.jsonl",
    }
    with av.open(str(into / "teacher-001.webm")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 24 * 5
    assert (into / "chapters.vtt").read_text().startswith("WEBVTT\n")
    head, *events = map(json.loads, (into / "log.jsonl").read_text().splitlines())
    assert (head["lesson"], head["name"], head["view"]) == (HAND, "分数的认识", "master")
    assert [one["kind"] for one in events][:2] == ["participant.joined", "board.blanked"]
    assert json.loads((into / "manifest.json").read_text())["takes"] == 2
    assert "something lies there" in told(capsys, "export", LESSON, str(into), status=1)
    assert acts() == ["recording.export"]


def test_a_damaged_file_is_not_passed_on_in_silence(capsys: pytest.CaptureFixture[str], lessons: Path, tmp_path: Path) -> None:
    film = manifest.folder(lessons, "rec-by-hand") / manifest.PLAY / "teacher-001.webm"
    film.write_bytes(film.read_bytes()[:-1])
    assert "teacher-001.webm is damaged" in told(capsys, "export", HAND, str(tmp_path / "out"), status=1)
    film.unlink()
    assert "teacher-001.webm" in told(capsys, "export", HAND, str(tmp_path / "again"), status=1)


def test_one_is_removed_only_when_it_is_meant_and_free(capsys: pytest.CaptureFixture[str], lessons: Path) -> None:
    folder = manifest.folder(lessons, "rec-by-hand")
    assert "--yes" in told(capsys, "remove", HAND, status=1)
    own = t.recording.c.lesson == HAND
    write(update(t.recording).where(own).values(state="live"))
    assert "recording.busy" in told(capsys, "remove", HAND, "--yes", status=1)
    assert folder.exists()
    write(update(t.recording).where(own).values(state="ready"))
    assert told(capsys, "remove", HAND, "--yes") == f"removed {HAND}\n"
    assert [path.name for path in folder.parent.iterdir()] == ["rec-lesson-x"]
    assert "recording.gone" in told(capsys, "show", HAND, status=1)
    assert "removed" in told(capsys, "list")
    assert acts() == ["recording.remove", "recording.list"]
