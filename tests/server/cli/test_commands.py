"""The command line over a real store, in this process."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from server.__main__ import main
from server.accounts import demo
from server.cli.demo import prepare
from server.cli.papers import base_url
from server.settings import read


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHUANGSHI_DATA_DIR", str(tmp_path))
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    main(words)
    return capsys.readouterr().out


def test_a_lesson_and_its_links(capsys: pytest.CaptureFixture[str]) -> None:
    lesson = json.loads(told(capsys, "lesson", "create", "分数的认识", "--json"))["id"]
    assert lesson in told(capsys, "lesson", "list")
    paper = json.loads(told(capsys, "link", "分数的认识", "--role", "classroom", "--name", "石桥村小学", "--json"))
    assert paper["page"] == f"http://127.0.0.1:8080/join/{paper['token']}"
    assert paper["whip"] == f"http://127.0.0.1:8080/whip/{lesson}"
    assert paper["whep"] == f"http://127.0.0.1:8080/whep/{lesson}"
    assert paper["expires_at"].endswith("+00:00")
    viewer = json.loads(told(capsys, "link", lesson, "--role", "viewer", "--json"))
    assert (paper["hls"], viewer["whip"]) == ("", "")
    assert viewer["hls"] == f"http://127.0.0.1:8080/hls/{viewer['token']}/index.m3u8"
    assert "revoked" in told(capsys, "link", "revoke", paper["id"])
    log = [json.loads(line) for line in told(capsys, "admin", "audit", "--json").splitlines()]
    assert [(line["act"], line["target"]) for line in reversed(log)] == [
        ("lesson.create", lesson),
        ("link.create", lesson),
        ("link.create", lesson),
        ("link.revoke", lesson),
    ]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("link", "nowhere", "--role", "viewer"), 1),
        (("link", "revoke", "nothing"), 1),
        (("lesson", "create", ""), 1),
        (("nonsense",), 2),
        (("link", "x", "--role", "king"), 2),
    ],
)
def test_failures_have_a_status(words: tuple[str, ...], status: int) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == status


@pytest.mark.parametrize(
    "words", [("link", "x"), ("link", "x", "y", "--role", "viewer"), ("link", "x", "--role", "viewer", "--hours", "-1")]
)
def test_half_a_command_says_what_is_missing(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match="shuangshi: "):
        main(words)


def test_settings_are_listed_and_bad_ones_end_with_a_status_of_their_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "SHUANGSHI_MEDIA_PORT=7882" in told(capsys, "settings")
    monkeypatch.setenv("SHUANGSHI_HTTP_PORT", "x")
    for word in ("settings", "serve"):
        with pytest.raises(SystemExit) as ended:
            main([word])
        assert ended.value.code == 78
        assert "SHUANGSHI_HTTP_PORT" in capsys.readouterr().err


def test_the_demo_keeps_its_lesson_and_links(data: Path) -> None:
    first, second = asyncio.run(prepare(read())), asyncio.run(prepare(read()))
    assert first == second
    assert len({room["token"] for room in first["classrooms"]}) == len(demo.SYNTHETIC_CLASSROOMS)
    assert all(room["socket"] == room["whip"].replace("http:", "ws:").replace("/whip/", "/ws/") for room in first["classrooms"])
    assert first["insecure_tls"] is False


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"SHUANGSHI_HOST": "::1", "SHUANGSHI_HTTP_PORT": "1"}, "http://[::1]:1"),
        ({"SHUANGSHI_HOST": "0.0.0.0"}, "http://127.0.0.1:8080"),
        ({"SHUANGSHI_HOST": "class.local"}, "http://class.local:8080"),
        ({"SHUANGSHI_PUBLIC_URL": "https://class.example.org"}, "https://class.example.org"),
    ],
)
def test_printed_addresses(env: dict[str, str], expected: str) -> None:
    assert base_url(read(env)) == expected
