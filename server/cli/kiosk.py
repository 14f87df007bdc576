"""`shuangshi kiosk`: what a classroom's PC needs to start into its own page every morning, written as files (S26).

One folder for each system: a launcher that starts the browser again whenever it ends, and a policy that lets our address alone
use camera, microphone and sound without asking. Nothing on this machine is changed; whoever looks after the PCs copies the folder.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import msgspec

from server.cli.papers import base_url
from server.settings import Settings

SYSTEMS = ("windows", "linux")
TEMPLATES = Path(__file__).parent / "kiosk_files"
FILES = {
    "windows": ("shuangshi-kiosk.cmd", "install.cmd", "shuangshi-policy.reg", "README.txt"),
    "linux": ("shuangshi-kiosk.sh", "install.sh", "shuangshi-kiosk.desktop", "shuangshi-policy.json", "README.txt"),
}
EXECUTABLE = 0o755


class BadAddress(OSError):
    """The address is none a browser could open a classroom's page at."""


def policy(origin: str) -> dict[str, Any]:
    """Chromium's enterprise policies, as Chrome and Edge know them too, for one origin."""
    return {
        "AudioCaptureAllowedUrls": [origin],
        "VideoCaptureAllowedUrls": [origin],
        "AutoplayAllowlist": [origin],
        "BackgroundModeEnabled": False,
        "BrowserSignin": 0,
        "DefaultNotificationsSetting": 2,
        "MetricsReportingEnabled": False,
        "PasswordManagerEnabled": False,
        "PromotionalTabsEnabled": False,
        "TabDiscardingExceptions": [origin],
        "TranslateEnabled": False,
    }


def origin_of(address: str) -> str:
    """Scheme, host and port; raises `BadAddress`. Plain characters only: the address goes into scripts of three languages."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    plain = host.isascii() and all(c.isalnum() or c in ".-:" for c in host)
    try:
        port = parts.port
    except ValueError as error:
        raise BadAddress(f"not an address: {address!r}") from error
    if parts.scheme not in ("http", "https") or not host or not plain or parts.username or parts.path.strip("/") or parts.query:
        raise BadAddress(f"not an address like https://school.example: {address!r}")
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + (f":{port}" if port else "")


def files(system: str, origin: str) -> dict[str, bytes]:
    """Name → content of one system's folder."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / system),
        autoescape=False,  # noqa: S701 — scripts, not HTML; `origin_of` lets nothing through that means something to a shell
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    wanted = {"origin": origin, "policy": policy(origin), "policy_json": _pretty(policy(origin))}
    found = {name: env.get_template(name + ".j2").render(wanted) for name in FILES[system]}
    if system == "linux":
        return {name: text.encode() for name, text in found.items()}
    lines = {name: text.replace("\n", "\r\n") for name, text in found.items()}
    # regedit reads UTF-16, Notepad of old Windows wants the mark
    return {
        name: text.encode("utf-16" if name.endswith(".reg") else "utf-8-sig" if name.endswith(".txt") else "ascii")
        for name, text in lines.items()
    }


def _pretty(values: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(values), indent=2).decode()


def write(folder: Path, systems: tuple[str, ...], origin: str) -> list[Path]:
    """Write the folders; the paths written."""
    written = []
    for system in systems:
        place = folder / system
        place.mkdir(parents=True, exist_ok=True)
        for name, content in files(system, origin).items():
            path = place / name
            path.write_bytes(content)
            if name.endswith(".sh"):
                path.chmod(EXECUTABLE)
            written.append(path)
    return written


def kiosk(settings: Settings, arguments: argparse.Namespace) -> None:
    """Write launcher and policy. Raises `OSError`."""
    origin = origin_of(arguments.url or base_url(settings))
    systems = SYSTEMS if arguments.system == "both" else (arguments.system,)
    for path in write(Path(arguments.out), systems, origin):
        sys.stdout.write(f"{path}\n")
    if origin.startswith("http://") and urlsplit(origin).hostname not in ("localhost", "127.0.0.1", "::1"):
        sys.stderr.write("shuangshi: browsers open no camera on plain http; give the address with https\n")
