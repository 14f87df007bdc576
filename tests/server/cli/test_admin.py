"""`shuangshi admin …` over a real store, in this process."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import select

from server.__main__ import main
from server.accounts.keyfile import read_keys
from server.cli import admin, hall
from server.cli.hall import Hall, open_hall
from server.domain.people import SCHOOL_ROLES
from server.domain.permissions import PERSON, PUBLIC, RULES
from server.settings import read
from server.store.tables import audit, content, person, student
from tests.server import world


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHUANGSHI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LOGNAME", "chenwei")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    capsys.readouterr()
    if status:
        with pytest.raises(SystemExit) as ended:
            main(("admin", *words))
        assert ended.value.code == status
    else:
        main(("admin", *words))
    return capsys.readouterr().out


def inside(work):
    """What `work` finds in the installation."""

    async def do():
        async with open_hall(read()) as one:
            return await work(one)

    return asyncio.run(do())


def build_world() -> None:
    async def build(one: Hall) -> None:
        await world.build(one.store.database, one.contents)

    inside(build)


def acts() -> list[str]:
    async def find(one: Hall) -> list[str]:
        rows = await one.store.database.read(select(audit).order_by(audit.c.seq))
        assert {(row.actor, row.actor_kind) for row in rows} <= {("system", "system")}
        assert set((await one.contents.texts([row.origin for row in rows])).values()) <= {"cli chenwei"}
        return [row.act for row in rows]

    return inside(find)


def sql(data: Path, text: str) -> None:
    with sqlite3.connect(data / "shuangshi.db") as connection:
        connection.execute(text)


def test_every_word_but_the_matrix_leaves_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("verify-audit",), ("export-head",), ("audit",), ("rotate-keys", "--drop-old"), ("erase", "nobody"), ("permissions",)):
        told(capsys, *words)
    assert acts() == ["audit.verify", "audit.export_head", "audit.read", "keys.add", "keys.reseal", "keys.drop", "content.erase"]


def test_words_are_named_once_and_explained() -> None:
    names = [word.name for word in admin.WORDS]
    assert len(names) == len(set(names))
    assert all(word.help for word in admin.WORDS)


def test_a_sound_audit_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "export-head")
    text = told(capsys, "verify-audit")
    assert "1 fit" in text
    assert text.endswith("ok\n")
    report = json.loads(told(capsys, "verify-audit", "--json"))
    assert report == {"ok": True, "lines": 2, "head": 2, "origins": 2, "erased": 0, "exported": 1, "fault": None}


def test_a_fault_ends_with_1_and_is_named(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    for _ in range(3):
        told(capsys, "audit")
    sql(data, "update audit set act = 'org.edit' where seq = 2")
    assert told(capsys, "verify-audit", status=1).endswith("FAULT      line 2: edited\n")
    assert json.loads(told(capsys, "verify-audit", "--json", status=1))["fault"] == {"seq": 2, "kind": "edited"}
    with sqlite3.connect(data / "shuangshi.db") as connection:
        assert connection.execute("select count(*) from audit").fetchone() == (3,), "a log under suspicion is left alone"


def test_a_cut_tail_is_found_without_arguments(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    for _ in range(3):
        told(capsys, "audit")
    head = told(capsys, "export-head")
    sql(data, "delete from audit where seq > 2")
    sql(data, "update audit_head set seq = 2, mac = (select mac from audit where seq = 2)")
    assert "line 3: cut" in told(capsys, "verify-audit", status=1)
    (data / "audit-heads.jsonl").unlink()
    told(capsys, "verify-audit")
    kept = data / "kept-elsewhere"
    kept.write_text(head)
    assert "line 4: cut" in told(capsys, "verify-audit", "--head", str(kept), status=1)
    kept.write_text("nonsense\n")
    told(capsys, "verify-audit", "--head", str(kept), status=1)


def test_another_audit_key_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    told(capsys, "audit")
    monkeypatch.setenv("SHUANGSHI_AUDIT_KEY", "5a" * 32)
    assert "line 1: key" in told(capsys, "verify-audit", status=1)


def test_lines_are_listed_newest_first_and_filtered(capsys: pytest.CaptureFixture[str]) -> None:
    build_world()
    told(capsys, "export-head")
    told(capsys, "rotate-keys")
    lines = told(capsys, "audit").splitlines()
    assert [line.split()[4] for line in lines] == ["keys.reseal", "keys.add", "audit.export_head"]
    assert all("system:system" in line and "cli chenwei" in line and "  /n/  " in line for line in lines)
    assert len(told(capsys, "audit", "--act", "keys.", "--limit", "1").splitlines()) == 1
    assert told(capsys, "audit", "--target", "x1") == ""
    assert told(capsys, "audit", "--since", "2999-01-01") == ""
    one = json.loads(told(capsys, "audit", "--act", "keys.reseal", "--since", "2026-01-01", "--json"))
    assert one["details"]["unopened"] == 0
    assert one["origin"] == "cli chenwei"


@pytest.mark.parametrize(
    ("words", "status"),
    [(("audit", "--since", "yesterday"), 1), (("audit", "--limit", "0"), 2), (("audit", "--limit", "1e9"), 2), (("nonsense",), 2), ((), 2)],
)
def test_failures_have_a_status(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], status: int) -> None:
    told(capsys, *words, status=status)


def test_rotation_keeps_every_text_and_drops_the_old_key(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    build_world()

    async def texts(one: Hall) -> dict[str, str]:
        return await one.contents.texts(
            [row.id for row in await one.store.database.read(select(content.c.id).where(content.c.kind != "origin"))]
        )

    before, (old,) = inside(texts), read_keys(data / "data.keys")
    assert len(before) > 50
    told(capsys, "rotate-keys")
    assert next(iter(read_keys(data / "data.keys"))) == old
    assert old in told(capsys, "rotate-keys", "--drop-old")
    assert old not in read_keys(data / "data.keys")
    assert len(read_keys(data / "data.keys")) == 1
    assert inside(texts) == before


def test_keys_of_the_settings_are_not_made_but_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    monkeypatch.setenv("SHUANGSHI_DATA_KEYS", f"a:{'1b' * 32}")
    build_world()
    monkeypatch.setenv("SHUANGSHI_DATA_KEYS", f"a:{'1b' * 32} b:{'2c' * 32}")
    assert "take out     a\n" in told(capsys, "rotate-keys", "--drop-old")
    monkeypatch.setenv("SHUANGSHI_DATA_KEYS", f"b:{'2c' * 32}")
    told(capsys, "verify-audit")
    monkeypatch.setenv("SHUANGSHI_DATA_KEYS", f"b:{'3d' * 32}")
    told(capsys, "verify-audit", status=1)
    assert not (data / "data.keys").exists()


def test_erasing_somebody_leaves_a_chain_that_verifies(capsys: pytest.CaptureFixture[str]) -> None:
    build_world()
    told(capsys, "erase", "x1.teacher")
    told(capsys, "erase", "x1.c1.s1")
    told(capsys, "erase", "x1.d1")

    async def left(one: Hall) -> tuple[int, object, str]:
        owners = ("x1.teacher", "x1.c1.s1", "x1.d1")
        rows = await one.store.database.read(select(content.c.id).where(content.c.owner.in_(owners)))
        teacher = await one.store.database.one(select(person).where(person.c.id == "x1.teacher"))
        pupil = await one.store.database.one(select(student).where(student.c.id == "x1.c1.s1"))
        assert teacher is not None
        assert pupil is not None
        assert pupil.number_index != one.contents.blind("student/x1.c1", "01")
        return len(rows), teacher.disabled_at, str(teacher.login)

    count, disabled, login = inside(left)
    assert (count, login) == (0, "None")
    assert disabled is not None
    assert acts() == ["person.erase", "student.erase", "content.erase"]
    assert told(capsys, "verify-audit").endswith("ok\n")


def test_the_matrix_says_what_the_table_says(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "permissions")
    rows = {line.split()[0]: line.split() for line in text.splitlines() if line and line.split()[0] in RULES}
    assert set(rows) == set(RULES)
    assert rows["lesson.see"][1:] == ["BL", "BL", "BL", "BL", "·", "·", "L", "·", "L", "every"]
    assert rows["board.see"][1:] == ["B", "B", *"·" * 7, "nation", "province", "city", "county"]
    assert all(action in text for action in (*PUBLIC, *PERSON))
    table = json.loads(told(capsys, "permissions", "--json"))
    assert {a: {r: set(reach) for r, reach in row["roles"].items()} for a, row in table["actions"].items()} == {
        action: {role: set(reach) for role, reach in rule.reach.items()} for action, rule in RULES.items()
    }
    assert {role for row in table["actions"].values() for role in row["roles"]} <= set(SCHOOL_ROLES)


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise KeyError("uid")

    monkeypatch.setattr(hall.getpass, "getuser", none)
    assert hall.user().isdecimal()
    monkeypatch.setattr(hall.getpass, "getuser", lambda: "eve\n\x1b[2J" + "x" * 100)
    assert hall.user() == "eve???2J" + "x" * 56
