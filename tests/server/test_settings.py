from __future__ import annotations

from pathlib import Path

import pytest

from server.reading import IceServer
from server.settings import BadSettings, describe, names, read
from server.weak import problems


def test_defaults_are_valid_and_listed() -> None:
    settings = read({})
    assert (settings.host, settings.http_port, settings.media_port) == ("127.0.0.1", 8080, 7882)
    assert settings.video_codecs == ("VP8", "H264")
    assert settings.database_url == f"sqlite+aiosqlite:///{settings.data_dir}/shuangshi.db"
    text = describe({})
    assert all(f"{name}=" in text for name in names())


def test_all_problems_at_once_each_by_its_name() -> None:
    with pytest.raises(BadSettings) as caught:
        read({"SHUANGSHI_HTTP_PORT": "80a", "SHUANGSHI_LAN": "maybe", "SHUANGSHI_TLS_CERT": __file__, "SHUANGSHI_HTP_PORT": "1"})
    problems = caught.value.problems
    assert len(problems) == 4
    for name in ("SHUANGSHI_HTTP_PORT='80a'", "SHUANGSHI_LAN=", "SHUANGSHI_HTP_PORT: there is no", "SHUANGSHI_TLS_KEY: both or neither"):
        assert any(name in problem for problem in problems), name


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("HOST", "not a host"),
        ("HTTP_PORT", "65536"),
        ("HTTP_PORT", "-1"),
        ("MEDIA_TCP_PORT", "-2"),
        ("MEDIA_ANNOUNCE", "203.0.113.5, example.org"),
        ("MEDIA_TCP_ANNOUNCE", "203.0.113.5:70000"),
        ("VIDEO_CODECS", "VP8,THEORA"),
        ("ICE_SERVERS", "http://x"),
        ("ICE_SERVERS", "turn:x:3478"),
        ("TURN_URL", "stun:x"),
        ("SECRET_KEY", "short"),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "http://x"),
        ("PUBLIC_URL", "ftp://x"),
        ("PUBLIC_URL", "https://x/path"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("LANG", "fr"),
        ("LOG_LEVEL", "LOUD"),
        ("LINK_HOURS", "0"),
        ("LINK_HOURS", "nan"),
        ("SDP_BYTES", "1"),
        ("TLS_CERT", "/no/such/file"),
        ("DATA_DIR", __file__),
    ],
)
def test_bad_values_are_named(name: str, bad: str) -> None:
    with pytest.raises(BadSettings, match=f"SHUANGSHI_{name}"):
        read({f"SHUANGSHI_{name}": bad})


@pytest.mark.parametrize(
    ("name", "value", "bad"),
    [
        ("DATABASE_URL", "postgresql://u:hunter2@h/d", "mysql://u:hunter2@h/d"),
        ("REDIS_URL", "redis://:hunter2@h", "http://:hunter2@h"),
        ("ICE_SERVERS", "turn:x:1|u|hunter2", "tcp:x|u|hunter2"),
    ],
)
def test_passwords_in_addresses_are_never_shown(name: str, value: str, bad: str) -> None:
    assert "hunter2" not in describe({f"SHUANGSHI_{name}": value})
    with pytest.raises(BadSettings) as caught:
        read({f"SHUANGSHI_{name}": bad})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://Class.Example.ORG:443/", "https://class.example.org"),
        ("http://x:80", "http://x"),
        ("https://x:8443", "https://x:8443"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_the_public_address_is_spelled_as_browsers_spell_an_origin(written: str, origin: str) -> None:
    assert read({"SHUANGSHI_PUBLIC_URL": written}).public_url == origin


def test_secrets_are_never_shown() -> None:
    with pytest.raises(BadSettings) as caught:
        read({"SHUANGSHI_SECRET_KEY": "tooshort!"})
    assert "tooshort!" not in str(caught.value)
    assert "x" * 40 not in describe({"SHUANGSHI_SECRET_KEY": "x" * 40})


def test_values() -> None:
    settings = read(
        {
            "SHUANGSHI_ICE_SERVERS": "stun:a:1 turn:b:2|user|pass",
            "SHUANGSHI_DATABASE_URL": "postgresql://u@h/d",
            "SHUANGSHI_VIDEO_CODECS": "h264 vp8 h264",
            "SHUANGSHI_MEDIA_TCP_PORT": "-1",
            "SHUANGSHI_MEDIA_ANNOUNCE": "203.0.113.5:40000, 2001:db8::1",
            "SHUANGSHI_MEDIA_TCP_ANNOUNCE": "[2001:db8::1]:443",
            "SHUANGSHI_PUBLIC_URL": "https://class.example.org/",
        }
    )
    assert settings.ice_servers == (IceServer("stun:a:1"), IceServer("turn:b:2", "user", "pass"))
    assert settings.database_url == "postgresql+asyncpg://u@h/d"
    assert settings.video_codecs == ("H264", "VP8")
    assert settings.media_announce == ("203.0.113.5:40000", "2001:db8::1")
    assert settings.media_tcp_announce == ("[2001:db8::1]:443",)
    assert settings.media_tcp_port == -1
    assert settings.public_url == "https://class.example.org"


def test_lan_opens_pages_and_media(tmp_path: Path) -> None:
    settings = read({"SHUANGSHI_LAN": "1", "SHUANGSHI_DATA_DIR": str(tmp_path)})
    assert (settings.listen, settings.tls) == ("0.0.0.0", True)
    assert settings.child_environment({})["SHUANGSHI_MEDIA_HOST"] == "0.0.0.0"
    assert "SHUANGSHI_MEDIA_HOST" not in read({}).child_environment({})


def test_media_worker_reads_the_same_variables() -> None:
    from media.worker.settings import from_environment

    env = {"SHUANGSHI_MEDIA_PORT": "9000", "SHUANGSHI_VIDEO_CODECS": "AV1", "SHUANGSHI_DATA_DIR": "/tmp/x"}
    worker, ours = from_environment(env), read(env)
    assert (worker.port, worker.video_codecs, worker.control_path) == (ours.media_port, ours.video_codecs, ours.control_path)


OIDC = {"SHUANGSHI_OIDC_CLIENT_ID": "shuangshi", "SHUANGSHI_OIDC_CLIENT_SECRET": "never printed"}


@pytest.mark.parametrize("issuer", ["https://login.example.org", "https://login.example.org:8443/realms/school/", "http://127.0.0.1:9000"])
def test_an_oidc_issuer_is_kept_letter_by_letter(issuer: str) -> None:
    settings = read({**OIDC, "SHUANGSHI_OIDC_ISSUER": issuer, "SHUANGSHI_OIDC_ACR": "one, two"})
    assert (settings.oidc_issuer, settings.oidc_acr) == (issuer, ("one", "two"))
    assert "never printed" not in describe({**OIDC, "SHUANGSHI_OIDC_ISSUER": issuer})


@pytest.mark.parametrize(
    "issuer",
    [
        "login.example.org",
        "http://login.example.org",
        "https://",
        "https://a.example/?x=1",
        "https://a.example/#x",
        "https://u:p@a.example",
    ],
)
def test_what_is_no_oidc_issuer(issuer: str) -> None:
    with pytest.raises(BadSettings, match="SHUANGSHI_OIDC_ISSUER"):
        read({**OIDC, "SHUANGSHI_OIDC_ISSUER": issuer})


@pytest.mark.parametrize("missing", [*OIDC, "SHUANGSHI_OIDC_ISSUER"])
def test_oidc_is_set_whole_or_not_at_all(missing: str) -> None:
    known = {**OIDC, "SHUANGSHI_OIDC_ISSUER": "https://login.example.org"}
    with pytest.raises(BadSettings, match="both or neither"):
        read({name: value for name, value in known.items() if name != missing})


S3 = {"SHUANGSHI_S3_BUCKET": "recordings", "SHUANGSHI_S3_ACCESS_KEY": "AKID0123", "SHUANGSHI_S3_SECRET_KEY": "6b1ce4ae0f40f6d2a59f"}


def test_an_s3_store() -> None:
    settings = read({**S3, "SHUANGSHI_S3_ENDPOINT": "https://s3.example.org:9000/", "SHUANGSHI_S3_PREFIX": "/county/x/"})
    assert (settings.s3_endpoint, settings.s3_prefix, settings.s3_bucket) == ("https://s3.example.org:9000", "county/x", "recordings")
    assert "6b1ce4ae" not in describe(S3)
    assert problems(settings) == []
    weak = problems(read({**S3, "SHUANGSHI_S3_SECRET_KEY": "minioadmin"}))
    assert [line.partition(":")[0] for line in weak] == ["SHUANGSHI_S3_SECRET_KEY"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BUCKET", "Recordings"),
        ("BUCKET", "a"),
        ("BUCKET", "a/b"),
        ("ENDPOINT", "s3.example.org"),
        ("ENDPOINT", "ftp://s3.example.org"),
        ("ENDPOINT", "https://user:password@s3.example.org"),
        ("PREFIX", "a//b"),
        ("PREFIX", "x y"),
        ("PREFIX", "x/../y"),
        ("PATH_STYLE", "2"),
    ],
)
def test_what_is_no_s3_store(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=f"SHUANGSHI_S3_{name}"):
        read({**S3, f"SHUANGSHI_S3_{name}": value})


@pytest.mark.parametrize("missing", S3)
def test_an_s3_store_is_set_whole_or_not_at_all(missing: str) -> None:
    with pytest.raises(BadSettings, match="both or neither"):
        read({name: value for name, value in S3.items() if name != missing})
    with pytest.raises(BadSettings, match="S3_ENDPOINT needs"):
        read({"SHUANGSHI_S3_ENDPOINT": "https://s3.example.org"})
