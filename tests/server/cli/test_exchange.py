"""`shuangshi admin import | export` over a real store, in this process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server.school.sheets.files import read_table
from server.school.sheets.limits import MOST_BYTES
from tests.server.cli.test_admin import acts, build_world, data, told  # noqa: F401 — a fixture

ORGS = "上级代码,代码,名称,层级\n"


def written(tmp_path: Path, text: str, name: str = "t.csv", encoding: str = "gb18030") -> str:
    (tmp_path / name).write_text(text, encoding)
    return str(tmp_path / name)


def test_an_empty_installation_is_filled(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = written(tmp_path, ORGS + ",SQ,石桥县,县\nSQ,SQ-1,石桥小学,学校\n")
    assert told(capsys, "import", "orgs", file).splitlines() == [
        "ok  2 rows: 2 new, 0 changed, 0 as they were",
        "Nothing was written yet: add --apply.",
    ]
    assert told(capsys, "import", "orgs", file, "--apply") == "written  2 rows: 2 new, 0 changed, 0 as they were\n"
    assert json.loads(told(capsys, "import", "orgs", file, "--apply", "--json")) == {
        "ok": True,
        "written": True,
        "table": "orgs",
        "rows": 2,
        "new": 0,
        "changed": 0,
        "same": 2,
        "bad": [],
    }
    assert acts() == ["org.create", "org.create", "org.import", "org.import"]
    second = written(tmp_path, ORGS + ",XX,第二个,省\n,YY,第三个,省\n")
    assert "row 2  上级代码  required" in told(capsys, "import", "orgs", second, status=1)


def test_bad_cells_are_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    build_world()
    file = written(tmp_path, ORGS + "C-x,a b,,村\n")
    for words in ((), ("--apply",)):
        text = told(capsys, "import", "orgs", file, *words, status=1)
        assert "row 2  代码  format: 格式不对。\n" in text
        assert text.endswith("REFUSED  3 bad cells; nothing was written\n")
    report = json.loads(told(capsys, "import", "orgs", file, "--json", status=1))
    assert [(one["row"], one["name"], one["code"]) for one in report["bad"]] == [
        (2, "code", "format"),
        (2, "name", "required"),
        (2, "tier", "choice"),
    ]
    assert acts() == []


def test_exports_are_read_back(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    build_world()
    for table in ("orgs", "rooms", "classes", "students", "people", "courses"):
        file = tmp_path / f"{table}.xlsx"
        told(capsys, "export", table, str(file))
        assert file.stat().st_mode & 0o777 == 0o600
        if table != "courses":
            assert " 0 new, 0 changed" in told(capsys, "import", table, str(file))
    one = tmp_path / "x2.CSV"
    told(capsys, "export", "rooms", str(one), "--org", "C-x2")
    assert len(read_table(one.read_bytes())) == 3
    assert acts() == ["org.export"] * 7


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("import", "orgs", "nowhere.csv"), 1),
        (("import", "secrets", "x.csv"), 2),
        (("export", "orgs", "x.pdf"), 1),
        (("export", "rooms", "x.csv", "--org", "C-none"), 1),
        (("import", "orgs", "large.csv"), 1),
        (("import", "orgs", "old.xls"), 1),
        (("export", "orgs", "old.xls"), 1),
    ],
)
def test_failures_have_a_status(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], status: int
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "large.csv").write_bytes(b"x" * (MOST_BYTES + 1))
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    told(capsys, *words, status=status)
    assert not (tmp_path / "x.csv").exists()


def test_an_export_overwrites_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    build_world()
    (tmp_path / "kept.csv").write_text("mine")
    told(capsys, "export", "orgs", str(tmp_path / "kept.csv"), status=1)
    assert (tmp_path / "kept.csv").read_text() == "mine"
