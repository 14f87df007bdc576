from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.accounts.secret import FILE, derive, load_secret, write_private


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    first = load_secret(tmp_path / "new")
    assert len(first) == 32
    assert load_secret(tmp_path / "new") == first
    assert stat.S_IMODE((tmp_path / "new" / FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE]


@pytest.mark.parametrize("content", ["", "00ff", "no hex at all", "é"])
def test_a_damaged_key_signs_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(OSError, match="not a key"):
        load_secret(tmp_path)


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: load_secret(tmp_path), range(64)))) == 1


def test_a_configured_key_needs_no_file(tmp_path: Path) -> None:
    assert load_secret(tmp_path, "x" * 40) == load_secret(tmp_path, "x" * 40) != load_secret(tmp_path, "y" * 40)
    assert not list(tmp_path.iterdir())


def test_write_private_never_overwrites(tmp_path: Path) -> None:
    assert write_private(tmp_path / "a", b"1")
    assert not write_private(tmp_path / "a", b"2")
    assert (tmp_path / "a").read_bytes() == b"1"


def test_each_purpose_has_its_key() -> None:
    assert derive(b"s", "a") != derive(b"s", "b")
