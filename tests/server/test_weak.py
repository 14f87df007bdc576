"""A server does not start with a secret that everybody can read in our documents, or guess."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pytest

from server.__main__ import main
from server.settings import read
from server.weak import problems, weakness

ROOT = Path(__file__).resolve().parents[2]
SHOWN = [ROOT / "README.md", ROOT / "Makefile", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docker").rglob("*"))]
PATTERNS = (
    r"\w*(?:SECRET|PASSWORD|PASSWD|TOKEN|_KEYS?)\w*\s*[=:]\s*[\"']?([^\s\"'`|,;)]+)",
    r"\w+://[^\s:/@]+:([^\s@]+)@",
    r"turns?:[^\s|]+\|[^\s|]+\|([^\s`|]+)",
    r"\b([0-9a-fA-F]{32,})\b",
)
FILES = re.compile(r"^(?:/|\./)|\.(?:key|pem|crt)$|^\$\(|^\$\{\w+:-\}$")
"""Not secrets: names of files, commands that make one, empty defaults of compose."""


def examples() -> dict[str, str]:
    """Whatever looks like a secret in what we publish → where it stands."""
    found = {}
    for path in SHOWN:
        if path.is_file():
            for pattern in PATTERNS:
                found.update(dict.fromkeys(re.findall(pattern, path.read_text(errors="replace")), path.name))
    return {word: where for word, where in found.items() if not FILES.search(word)}


def test_every_secret_in_our_documents_is_refused() -> None:
    found = examples()
    assert "PASSWORD" in found, "the search finds nothing: it is broken"
    assert {word: where for word, where in found.items() if not weakness(word, 1)} == {}


@pytest.mark.parametrize(
    "secret",
    [
        *(
            "PASSWORD",
            "s3cret",
            "change-me-please",
            "YOUR_SECRET_HERE",
            "password123",
            "a long random string",
            "<your secret>",
            "${SECRET}",
        ),
        *("k" * 40, "ab12" * 10, "0123456789" * 4, "9876543210987654", "abcdefghijklmnopqrstuvwxyz", "00" * 32, bytes(range(32)).hex()),
        *("00112233445566778899aabbccddeeff" * 2, "changeme-changeme-changeme-changeme", "abcabcabcabcabcabc", "short"),
    ],
)
def test_what_anybody_guesses_is_no_secret(secret: str) -> None:
    assert weakness(secret)


def test_drawn_secrets_are_taken() -> None:
    for _ in range(500):
        assert weakness(secrets.token_hex(32)) == ""
        assert weakness(secrets.token_urlsafe(24)) == ""
    assert weakness("correct horse battery staple") == ""


GOOD = secrets.token_hex(32)


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("SECRET_KEY", "k" * 40, GOOD),
        ("AUDIT_KEY", "00" * 32, GOOD),
        ("DATA_KEYS", f"a:{GOOD} b:{'11' * 32}", f"a:{GOOD}"),
        ("DATABASE_URL", "postgresql://shuangshi:PASSWORD@db/s", "postgresql://shuangshi:p%40ss-words@db/s"),
        ("DATABASE_URL", "postgresql://shuangshi:shuangshi@db/s", "postgresql://shuangshi@db/s"),
        ("REDIS_URL", "redis://:redis@h", "redis://h"),
        ("ICE_SERVERS", "turn:x:1|u|password", f"stun:y:2 turn:x:1|u|{GOOD}"),
    ],
)
def test_each_secret_of_the_settings_is_looked_at(name: str, bad: str, good: str) -> None:
    found = problems(read({f"SHUANGSHI_{name}": bad}))
    assert len(found) == 1
    assert found[0].startswith(f"SHUANGSHI_{name}: ")
    assert GOOD not in found[0]
    assert problems(read({f"SHUANGSHI_{name}": good})) == []


def test_defaults_have_no_secret_to_refuse() -> None:
    assert problems(read({})) == []
    both = {"SHUANGSHI_TURN_URL": "turn:x", "SHUANGSHI_TURN_SECRET": "turnsecret"}
    assert [line.partition(":")[0] for line in problems(read(both))] == ["SHUANGSHI_TURN_SECRET"]


@pytest.mark.parametrize("word", ["serve", "web", "run"])
def test_a_server_ends_with_one_clear_line(
    word: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHUANGSHI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SHUANGSHI_SECRET_KEY", "changeme" * 8)
    with pytest.raises(SystemExit) as ended:
        main([word])
    assert ended.value.code == 78
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "SHUANGSHI_SECRET_KEY" in told
    assert "changeme" not in told
    assert not (tmp_path / "data").exists(), "nothing was begun"
