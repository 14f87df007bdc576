"""The worker's settings: the media part of the `SHUANGSHI_*` variables that `shuangshi settings` lists."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from media.transport.addresses import BadAnnounce, parse_announce


class BadSetting(ValueError):
    """A variable that cannot be used; the text names it."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What one worker process needs to know."""

    index: int = 0
    """Worker i owns media port + i (M26)."""
    host: str = "127.0.0.1"
    """`0.0.0.0` or `::` binds every address of the machine."""
    port: int = 7882
    """UDP; 0 takes a free one."""
    tcp_port: int | None = None
    """ICE-TCP; None: the same number as `port`; −1: no TCP."""
    announce: tuple[str, ...] = ()
    """Addresses put into answers in place of the bound ones (NAT, containers)."""
    tcp_announce: tuple[str, ...] = ()
    """The same for TCP; empty: those of `announce` (M23)."""
    data_dir: Path = Path("data")
    video_codecs: tuple[str, ...] = ("VP8", "H264")
    log_level: str = "INFO"

    @property
    def control_path(self) -> Path:
        """The Unix socket of this worker."""
        return self.data_dir / "run" / f"media-{self.index}.sock"

    @property
    def worker_id(self) -> str:
        """Prefix of session ids and ICE username fragments."""
        return f"w{self.index}"


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise BadSetting(f"{name}={text!r}: a number from {low} to {high} is needed")
    return number


def _announced(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = _words(env.get(name, ""))
    for text in found:
        try:
            parse_announce(text)
        except BadAnnounce as error:
            raise BadSetting(f"{name}: {error}") from error
    return found


def _own(port: int, index: int) -> int:
    """Worker i's own number; 0 and −1 are no numbers to count from."""
    return port + index if port > 0 else port


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if word)


def from_environment(env: Mapping[str, str] = os.environ) -> WorkerSettings:
    """Read the variables; raises `BadSetting`."""
    index = _number(env, "SHUANGSHI_WORKER_INDEX", 0, 0, 63)
    port = _number(env, "SHUANGSHI_MEDIA_PORT", 7882, 0, 65535)
    tcp = _number(env, "SHUANGSHI_MEDIA_TCP_PORT", port, -1, 65535)
    return WorkerSettings(
        index=index,
        host=env.get("SHUANGSHI_MEDIA_HOST", "").strip() or "127.0.0.1",
        port=_own(port, index),
        tcp_port=_own(tcp, index),
        announce=_announced(env, "SHUANGSHI_MEDIA_ANNOUNCE"),
        tcp_announce=_announced(env, "SHUANGSHI_MEDIA_TCP_ANNOUNCE"),
        data_dir=Path(env.get("SHUANGSHI_DATA_DIR", "").strip() or "data"),
        video_codecs=tuple(word.upper() for word in _words(env.get("SHUANGSHI_VIDEO_CODECS", "VP8,H264"))),
        log_level=env.get("SHUANGSHI_LOG_LEVEL", "").strip().upper() or "INFO",
    )
