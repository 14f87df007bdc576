"""Every setting is an environment variable `SHUANGSHI_*` with a default, a check and a meaning. Nothing else configures a process."""
# ruff: noqa: RUF009 — `_setting` is `dataclasses.field` with our metadata

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server import reading as r
from server.reading import IceServer, Network

PREFIX = "SHUANGSHI_"
SECRETS = frozenset(
    {
        "secret_key",
        "turn_secret",
        "ice_servers",
        "database_url",
        "redis_url",
        "data_keys",
        "audit_key",
        "oidc_client_secret",
        "s3_secret_key",
    }
)
"""Fields whose value is never printed: they are, or may hold, passwords."""


class BadSettings(Exception):
    """One or more variables cannot be used; `problems` holds a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _setting(default: str, parse: Callable[[str], Any], meaning: str) -> Any:
    return field(metadata={"default": default, "parse": parse, "meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a process needs to know; made by `read`, never changed."""

    host: str = _setting("127.0.0.1", r.host, "address the web process listens on; 0.0.0.0 or :: for all")
    http_port: int = _setting("8080", r.port, "TCP port of the web process; 0 takes a free one")
    lan: bool = _setting("0", r.flag, "1: listen on all addresses, with HTTPS by a certificate of an own local CA")
    guide_port: int = _setting("8081", r.port, "with LAN=1: TCP port of the plain HTTP page that explains how to trust the local CA")
    tls_cert: Path | None = _setting("", r.existing_file, "file with a real certificate chain (PEM); needs TLS_KEY")
    tls_key: Path | None = _setting("", r.existing_file, "file with the certificate's private key (PEM)")
    public_url: str = _setting("", r.base_url, "how people reach the web process, for printed links; empty: from HOST and HTTP_PORT")
    trusted_proxies: tuple[Network, ...] = _setting("", r.networks, "addresses of proxies whose X-Forwarded-For and -Proto are believed")
    media_host: str = _setting("127.0.0.1", r.host, "address the media worker listens on; 0.0.0.0 or :: for all")
    media_port: int = _setting("7882", r.port, "UDP port of the first media worker; worker i takes this + i; 0 takes a free one")
    media_tcp_port: int | None = _setting("", r.tcp_port, "TCP port for media where UDP is blocked; empty: the media port; -1: none")
    media_announce: tuple[str, ...] = _setting("", r.announced, "addresses told to browsers in place of the worker's own (NAT, containers)")
    media_tcp_announce: tuple[str, ...] = _setting(
        "", r.announced, "the same for TCP: 203.0.113.6:443, say; empty: the addresses of MEDIA_ANNOUNCE"
    )
    sendmmsg: bool = _setting("1", r.flag, "0: the media worker sends row by row, without sendmmsg(2)")
    video_codecs: tuple[str, ...] = _setting("VP8,H264", r.codecs, "video codecs a publisher may use, best first: VP8, H264, VP9, AV1")
    ice_servers: tuple[IceServer, ...] = _setting("", r.ice_servers, "STUN and TURN addresses told to browsers (stun:…, turn:…)")
    turn_url: tuple[str, ...] = _setting("", r.turn_urls, "TURN servers (turn:…, turns:…) that share TURN_SECRET with us")
    turn_secret: str = _setting("", r.text, "secret for time-limited TURN credentials (coturn: use-auth-secret); needs TURN_URL")
    turn_hours: float = _setting("12", r.hours, "how long one minted TURN credential lives")
    data_dir: Path = _setting("./data", r.directory, "directory of database, keys and sockets; made if missing")
    secret_key: str = _setting("", r.secret, "key that signs links; empty: made once in the data directory (mode 0600)")
    data_keys: tuple[tuple[str, bytes], ...] = _setting(
        "", r.data_keys, "keys that seal personal data, ID:HEX, the current one last; empty: data.keys in the data directory"
    )
    audit_key: bytes = _setting("", r.key, "key that chains the audit, 64 hex digits; empty: audit.key in the data directory")
    database_url: str = _setting("", r.database, "sqlite:///FILE or postgresql://…; empty: SQLite in the data directory")
    redis_url: str = _setting("", r.redis, "redis://… when several web processes run; empty: everything in this process")
    lang: str = _setting("zh", r.language, "language when a browser asks for none of ours: zh or en")
    metrics_from: tuple[Network, ...] = _setting("127.0.0.0/8,::1", r.networks, "addresses that may read /metrics")
    log_level: str = _setting("INFO", r.level, "DEBUG, INFO, WARNING or ERROR")
    log_json: bool = _setting("0", r.flag, "1: one JSON object a line instead of text for people")
    demo: bool = _setting("1", r.flag, "1: `shuangshi run` also plays a synthetic lesson called demo")
    link_hours: float = _setting("12", r.hours, "how long a new link can be entered; a running lesson is never cut by it")
    session_hours: float = _setting("72", r.hours, "how long a login lives at most")
    session_idle_hours: float = _setting("12", r.hours, "how long a login lives that nobody uses")
    admin_totp: bool = _setting("1", r.flag, "0: admins may work without a second factor (the demo does; do not in a school)")
    oidc_issuer: str = _setting("", r.issuer, "OIDC provider that people may log in with, as it calls itself; empty: none")
    oidc_client_id: str = _setting("", r.text, "our client id there")
    oidc_client_secret: str = _setting("", r.text, "our client secret there")
    oidc_name: str = _setting("", r.text, "what the login page calls the provider; empty: single sign-on")
    oidc_acr: tuple[str, ...] = _setting("", r.words, "values of `acr` by which the provider says that it asked for two factors")
    timezone: str = _setting("Asia/Shanghai", r.timezone, "time zone of the timetable")
    courseware_dir: Path | None = _setting(
        "", r.other_directory, "directory of courseware, the same for all web processes; empty: in the data directory"
    )
    courseware_bytes: int = _setting("52428800", r.upload_bytes, "largest file of courseware taken")
    soffice: Path | None = _setting("", r.existing_file, "LibreOffice's program, which PPTX needs; empty: soffice in PATH, if it is there")
    recording_thin: bool = _setting("1", r.flag, "0: no films for weak links are made of recordings; they take processor time after class")
    recording_days: int = _setting("180", r.days, "days a recording is kept unless an office says otherwise; 0: for good")
    recording_seal: bool = _setting("1", r.flag, "0: playable files of recordings are kept plain, not sealed under the data keys")
    capture_days: int = _setting(
        "7", r.days, "days that captured media are kept beside plain playable files; 0, and with RECORDING_SEAL=1: until these are verified"
    )
    s3_bucket: str = _setting(
        "", r.bucket, "bucket of an S3-compatible store that recordings are kept in; empty: they stay in the data directory"
    )
    s3_endpoint: str = _setting("", r.endpoint, "its address, https://HOST[:PORT]; empty: Amazon's")
    s3_region: str = _setting("us-east-1", r.text, "its region, which is part of the signatures")
    s3_prefix: str = _setting("", r.prefix, "what the keys of our objects begin with, if others use the bucket too")
    s3_access_key: str = _setting("", r.text, "id of our access key there")
    s3_secret_key: str = _setting("", r.text, "our secret access key there")
    s3_path_style: bool = _setting(
        "1", r.flag, "0: the bucket is in the store's host name, as Amazon and some others want it, not in the path"
    )
    live_minutes: int = _setting("0", r.whole, "minutes of a lesson that goes on that can be watched again; 0: all of it")
    live_megabytes: int = _setting("0", r.whole, "the same in MB on the disk, beside what is captured; 0: as much as it is")
    hls_lessons: int = _setting("2", r.whole, "lessons that each web process makes HLS of at once, where somebody asks; 0: none")
    hls_minutes: int = _setting("0", r.whole, "minutes that an HLS playlist reaches back; 0: to where it began (EVENT)")
    sdp_bytes: int = _setting("262144", r.byte_count, "largest SDP body taken by WHIP and WHEP")
    frame_bytes: int = _setting("65536", r.byte_count, "largest frame taken on a WebSocket")
    posts_per_minute: int = _setting(
        "60", r.count, "WHIP and WHEP sessions one link, and ten times as many one address, may start in a minute"
    )
    sockets_per_address: int = _setting("500", r.count, "open WebSockets from one address")

    @property
    def tls(self) -> bool:
        """Pages are served over HTTPS by this process itself."""
        return self.lan or self.tls_cert is not None

    @property
    def listen(self) -> str:
        """Address to listen on; LAN means all."""
        return "0.0.0.0" if self.lan and self.host == "127.0.0.1" else self.host  # noqa: S104 — what LAN=1 asks for

    @property
    def control_path(self) -> Path:
        """Unix socket of the first media worker (as in `media.worker.settings`)."""
        return self.data_dir / "run" / "media-0.sock"

    @property
    def courseware_path(self) -> Path:
        """Where courseware lies."""
        return self.courseware_dir or self.data_dir / "courseware"

    def child_environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """The environment of child processes: the same variables, with what LAN changes for media made explicit."""
        env = {**base, PREFIX + "DATA_DIR": str(self.data_dir)}
        if self.lan and self.media_host == "127.0.0.1":
            env[PREFIX + "MEDIA_HOST"] = "0.0.0.0"  # noqa: S104 — what LAN=1 asks for
        return env


def names() -> tuple[str, ...]:
    """Every variable, in the order of their listing."""
    return tuple(PREFIX + f.name.upper() for f in dataclasses.fields(Settings))


def read(env: Mapping[str, str] = os.environ) -> Settings:
    """Read and check all variables; raises `BadSettings` with every problem at once."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for f in dataclasses.fields(Settings):
        name = PREFIX + f.name.upper()
        text = env.get(name, "").strip() or f.metadata["default"]
        try:
            values[f.name] = f.metadata["parse"](text)
        except ValueError as error:
            shown = "" if f.name in SECRETS else f"={text!r}"
            problems.append(f"{name}{shown}: {error}")
    problems += _unknown(env) + _contradictions(values)
    if problems:
        raise BadSettings(problems)
    return Settings(**_completed(values))


def _unknown(env: Mapping[str, str]) -> list[str]:
    known = {*names(), PREFIX + "WORKER_INDEX"}  # the supervisor numbers workers with it
    return [f"{name}: there is no such setting" for name in sorted(env) if name.startswith(PREFIX) and name not in known]


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    problems = []
    pairs = [("tls_cert", "tls_key"), ("turn_url", "turn_secret"), ("oidc_issuer", "oidc_client_id"), ("oidc_issuer", "oidc_client_secret")]
    pairs += [("s3_bucket", "s3_access_key"), ("s3_bucket", "s3_secret_key")]
    for one, other in pairs:
        if one in values and other in values and bool(values[one]) != bool(values[other]):
            problems.append(f"{PREFIX}{one.upper()} and {PREFIX}{other.upper()}: both or neither must be set")
    if values.get("s3_endpoint") and not values.get("s3_bucket", "bad"):
        problems.append(f"{PREFIX}S3_ENDPOINT needs {PREFIX}S3_BUCKET")
    return problems


def _completed(values: dict[str, Any]) -> dict[str, Any]:
    if not values["database_url"]:
        values["database_url"] = f"sqlite+aiosqlite:///{values['data_dir'] / 'shuangshi.db'}"
    return values


def describe(env: Mapping[str, str] = os.environ) -> str:
    """What `shuangshi settings` prints: name, value in force or default, meaning."""
    lines = []
    for f in dataclasses.fields(Settings):
        name = PREFIX + f.name.upper()
        own = env.get(name, "").strip()
        value = "(set)" if own and f.name in SECRETS else own or f.metadata["default"]
        lines.append(f"{name}={value}{'' if own else '  (default)'}\n    {f.metadata['meaning']}")
    return "\n".join(lines)
