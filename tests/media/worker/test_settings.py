from __future__ import annotations

from pathlib import Path

import pytest

from media.worker.settings import BadSetting, from_environment


def test_defaults_need_nothing() -> None:
    settings = from_environment({})
    assert (settings.host, settings.port, settings.tcp_port) == ("127.0.0.1", 7882, 7882)
    assert settings.control_path == Path("data/run/media-0.sock")


def test_each_worker_has_its_own_ports() -> None:
    settings = from_environment({"SHUANGSHI_WORKER_INDEX": "3", "SHUANGSHI_MEDIA_PORT": "9000", "SHUANGSHI_MEDIA_TCP_PORT": "443"})
    assert (settings.port, settings.tcp_port, settings.worker_id) == (9003, 446, "w3")


def test_no_tcp_and_any_port_stay_what_they_mean() -> None:
    settings = from_environment({"SHUANGSHI_WORKER_INDEX": "1", "SHUANGSHI_MEDIA_PORT": "0", "SHUANGSHI_MEDIA_TCP_PORT": "-1"})
    assert (settings.port, settings.tcp_port) == (0, -1)


def test_lists_are_read_with_commas_or_spaces() -> None:
    settings = from_environment({"SHUANGSHI_MEDIA_ANNOUNCE": "203.0.113.5, 2001:db8::1", "SHUANGSHI_VIDEO_CODECS": "h264 vp8"})
    assert settings.announce == ("203.0.113.5", "2001:db8::1")
    assert settings.video_codecs == ("H264", "VP8")


def test_tcp_can_be_announced_at_another_address_and_port() -> None:
    settings = from_environment({"SHUANGSHI_MEDIA_TCP_ANNOUNCE": "203.0.113.6:443 [2001:db8::2]:443"})
    assert settings.tcp_announce == ("203.0.113.6:443", "[2001:db8::2]:443")
    assert settings.announce == ()


@pytest.mark.parametrize("name", ["SHUANGSHI_MEDIA_ANNOUNCE", "SHUANGSHI_MEDIA_TCP_ANNOUNCE"])
@pytest.mark.parametrize("bad", ["example.org", "203.0.113.5:0", "[2001:db8::1"])
def test_an_address_that_cannot_be_announced_names_its_variable(name: str, bad: str) -> None:
    with pytest.raises(BadSetting, match=name):
        from_environment({name: bad})


@pytest.mark.parametrize("bad", ["x", "70000", "-1", "1.5", "--5"])
def test_a_bad_number_names_its_variable(bad: str) -> None:
    with pytest.raises(BadSetting, match="SHUANGSHI_MEDIA_PORT"):
        from_environment({"SHUANGSHI_MEDIA_PORT": bad})
