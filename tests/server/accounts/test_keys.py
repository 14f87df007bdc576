from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.accounts.keyfile import KeyFile, read_keys
from server.accounts.keys import AUDIT_KEY, DATA_KEYS, load_keys
from server.settings import BadSettings, describe, read

A, B, C = "a1" * 32, "b2" * 32, "c3" * 32


def settings(folder: Path, **more: str):
    return read({"SHUANGSHI_DATA_DIR": str(folder), **{f"SHUANGSHI_{name.upper()}": value for name, value in more.items()}})


def test_keys_are_made_once_and_private(tmp_path: Path) -> None:
    first, second = load_keys(settings(tmp_path)), load_keys(settings(tmp_path))
    assert (first.vault, first.audit_key) == (second.vault, second.audit_key)
    for name in (DATA_KEYS, AUDIT_KEY):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert load_keys(settings(tmp_path / "other")).vault.current != first.vault.current, "ids tell installations apart"


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: load_keys(settings(tmp_path)), range(24)))
    assert len({(one.audit_key, one.vault.current, one.vault.index_key) for one in found}) == 1


@pytest.mark.parametrize("text", ["", "1", f"1 {A[:-2]}", f" {A}", f"1 {A}\n2", f"1 {A}\n1 {B}", "é", f"1 {A}x"])
def test_damaged_keys_are_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / DATA_KEYS).write_text(text, encoding="utf-8")
    with pytest.raises(OSError, match="key"):
        load_keys(settings(tmp_path))


@pytest.mark.parametrize("text", ["", "00", "no hex", "é"])
def test_a_damaged_audit_key_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / AUDIT_KEY).write_text(text, encoding="utf-8")
    with pytest.raises(OSError, match="not a key"):
        load_keys(settings(tmp_path))


def test_keys_from_the_settings_need_no_files(tmp_path: Path) -> None:
    keys = load_keys(settings(tmp_path, data_keys=f"a:{A} b:{B}", audit_key=C, secret_key="x1" * 20))
    assert (keys.vault.current, keys.vault.keys["a"], keys.audit_key) == ("b", bytes.fromhex(A), bytes.fromhex(C))
    assert keys.file is None
    assert keys.fresh is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("data_keys", A),
        ("data_keys", "a:00"),
        ("data_keys", f"a:{A} a:{B}"),
        ("data_keys", f"a b:{A}"),
        ("audit_key", "00"),
        ("audit_key", "zz" * 32),
    ],
)
def test_bad_keys_in_the_settings_are_named_and_not_shown(tmp_path: Path, name: str, bad: str) -> None:
    with pytest.raises(BadSettings, match=f"SHUANGSHI_{name.upper()}: ") as caught:
        settings(tmp_path, **{name: bad})
    assert A not in str(caught.value)
    assert A not in describe({f"SHUANGSHI_{name.upper()}": A})


def test_a_new_key_is_the_current_one_and_a_running_process_sees_it(tmp_path: Path) -> None:
    running, rotating = KeyFile(tmp_path / DATA_KEYS, b"i" * 32), KeyFile(tmp_path / DATA_KEYS, b"i" * 32)
    before = running.vault()
    assert running.vault() is before, "the file is read once"
    new = rotating.add()
    assert running.vault().current == new
    assert set(running.vault().keys) == {before.current, new}
    assert stat.S_IMODE((tmp_path / DATA_KEYS).stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".*")), "no drafts are left"


def test_keys_added_at_once_are_all_there(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / DATA_KEYS, b"i" * 32)
    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(lambda _: KeyFile(file.path, b"i" * 32).add(), range(16)))
    assert set(new) < set(read_keys(file.path))
    assert len(read_keys(file.path)) == 17


def test_only_unused_keys_are_dropped_and_never_the_current_one(tmp_path: Path) -> None:
    (tmp_path / DATA_KEYS).write_text(f"a {A}\nb {B}\nc {C}\n")
    file = KeyFile(tmp_path / DATA_KEYS, b"i" * 32)
    assert file.drop(["a", "c", "unknown"]) == ["a"]
    assert list(file.vault().keys) == ["b", "c"]
    assert file.drop([]) == []


def test_a_disk_that_refuses_leaves_the_old_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = KeyFile(tmp_path / DATA_KEYS, b"i" * 32)
    before = file.path.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        file.add()
    assert file.path.read_bytes() == before
    assert not list(tmp_path.glob(".*"))
