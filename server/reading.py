"""Readers of setting texts: each takes the text of one variable and returns its value, or raises `ValueError` with what is needed."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?")
_ICE_URL = re.compile(r"(stun|stuns|turn|turns):[^\s?,]+(\?transport=(udp|tcp))?")
_CODECS = ("VP8", "H264", "VP9", "AV1")


@dataclass(frozen=True, slots=True)
class IceServer:
    """One STUN or TURN server with, for static TURN, its credentials."""

    url: str
    username: str = ""
    credential: str = ""


def words(value: str) -> tuple[str, ...]:
    """Words between commas or blanks."""
    return tuple(value.replace(",", " ").split())


def text(value: str) -> str:
    """Anything."""
    return value


def flag(value: str) -> bool:
    """0 or 1."""
    known = {"0": False, "1": True, "no": False, "yes": True, "false": False, "true": True}
    if value.lower() not in known:
        raise ValueError("0 or 1 is needed")
    return known[value.lower()]


def _number(value: str, low: int, high: int) -> int:
    if not re.fullmatch(r"-?\d{1,12}", value) or not low <= int(value) <= high:
        raise ValueError(f"a whole number from {low} to {high} is needed")
    return int(value)


def port(value: str) -> int:
    """0–65535."""
    return _number(value, 0, 65535)


def tcp_port(value: str) -> int | None:
    """−1–65535, None when empty."""
    return None if not value else _number(value, -1, 65535)


def count(value: str) -> int:
    """1 … a million."""
    return _number(value, 1, 1_000_000)


def whole(value: str) -> int:
    """0 … a million."""
    return _number(value, 0, 1_000_000)


def byte_count(value: str) -> int:
    """1 KiB … 16 MiB."""
    return _number(value, 1024, 16 * 1024 * 1024)


def upload_bytes(value: str) -> int:
    """1 KiB … 1 GiB."""
    return _number(value, 1024, 1024**3)


def days(value: str) -> int:
    """A whole number of days, 0 … 3650."""
    return _number(value, 0, 3650)


def hours(value: str) -> float:
    """A positive number of hours, at most a year."""
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number <= 8784:
        raise ValueError("a number of hours above 0, at most 8784, is needed")
    return number


def is_address(value: str) -> bool:
    """An IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def host(value: str) -> str:
    """An address or a host name."""
    if is_address(value) or _HOST_NAME.fullmatch(value):
        return value
    raise ValueError("an IP address or a host name is needed")


def announced(value: str) -> tuple[str, ...]:
    """IP addresses, each with a port of its own if wanted: `203.0.113.5`, `203.0.113.5:40000`, `2001:db8::1`, `[2001:db8::1]:443`."""
    found = words(value)
    if bad := [word for word in found if not _is_announced(word)]:
        raise ValueError(f"IP addresses (with a port if it differs) are needed, {bad[0]!r} is none")
    return found


def _is_announced(word: str) -> bool:
    if is_address(word):
        return True
    host, _, number = word.rpartition(":")
    if not (number.isascii() and number.isdecimal() and 0 < int(number) < 65536):
        return False
    bracketed = host.startswith("[") and host.endswith("]")
    return is_address(host[1:-1] if bracketed else host) and (":" in host) == bracketed


def networks(value: str) -> tuple[Network, ...]:
    """Addresses or networks in CIDR notation."""
    return tuple(ipaddress.ip_network(word) for word in words(value))


def codecs(value: str) -> tuple[str, ...]:
    """Names of video codecs, without repeats."""
    found = tuple(dict.fromkeys(word.upper() for word in words(value)))
    if not found or set(found) - set(_CODECS):
        raise ValueError(f"some of {', '.join(_CODECS)} are needed")
    return found


def _ice_url(url: str, schemes: tuple[str, ...]) -> str:
    if not _ICE_URL.fullmatch(url) or not url.startswith(schemes):
        raise ValueError(f"addresses like {schemes[0]}HOST:PORT are needed, {url!r} is none")
    return url


def ice_servers(value: str) -> tuple[IceServer, ...]:
    """`stun:HOST:PORT` or `turn:HOST:PORT|USER|PASSWORD`, several between blanks or commas."""
    found = []
    for word in words(value):
        url, _, login = word.partition("|")
        user, _, password = login.partition("|")
        if url.startswith("turn") and not (user and password):
            raise ValueError("a TURN server needs |USER|PASSWORD here; with a shared secret set SHUANGSHI_TURN_URL instead")
        found.append(IceServer(_ice_url(url, ("stun", "turn")), user, password))
    return tuple(found)


def turn_urls(value: str) -> tuple[str, ...]:
    """`turn:` and `turns:` addresses."""
    return tuple(_ice_url(word, ("turn:", "turns:")) for word in words(value))


def existing_file(value: str) -> Path | None:
    """A readable file, None when empty."""
    if not value:
        return None
    path = Path(value)
    if not path.is_file():
        raise ValueError("there is no such file")
    return path.resolve()


def directory(value: str) -> Path:
    """A directory, there already or to be made."""
    path = Path(value).expanduser().resolve()
    if path.exists() and not path.is_dir():
        raise ValueError("it is there and is no directory")
    return path


def other_directory(value: str) -> Path | None:
    """As `directory`, None when empty."""
    return directory(value) if value else None


def secret(value: str) -> str:
    """Empty, or at least 32 characters."""
    if value and len(value) < 32:
        raise ValueError("at least 32 characters are needed")
    return value


_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_KEY = re.compile(r"[0-9a-fA-F]{64}")


def data_keys(value: str) -> tuple[tuple[str, bytes], ...]:
    """`ID:HEX`, several between blanks or commas, the current one last; none when empty."""
    found: dict[str, bytes] = {}
    for word in words(value):
        key_id, _, key = word.partition(":")
        if not _KEY_ID.fullmatch(key_id) or not _KEY.fullmatch(key) or key_id in found:
            raise ValueError("keys like ID:HEX with 64 hex digits are needed, each id once")
        found[key_id] = bytes.fromhex(key)
    return tuple(found.items())


def key(value: str) -> bytes:
    """32 bytes from 64 hex digits; none when empty."""
    if value and not _KEY.fullmatch(value):
        raise ValueError("64 hex digits are needed (openssl rand -hex 32)")
    return bytes.fromhex(value)


def base_url(value: str) -> str:
    """`http(s)://HOST[:PORT]` without a path, spelled as a browser's `Origin` (RFC 6454 section 6.2), or empty."""
    if not value:
        return ""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("something like https://class.example.org is needed")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    standard = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, standard) else "")


def issuer(value: str) -> str:
    """An OIDC issuer, kept letter by letter (OpenID Connect Discovery 1.0 section 4.3): HTTPS, but on this machine; or empty."""
    if not value:
        return ""
    parts = urlsplit(value)
    here = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (parts.scheme == "https" or here) or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("something like https://login.example.org/realms/school is needed")
    return value


_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,100}(/(?!\.)[A-Za-z0-9._-]{1,100}){0,9}")


def bucket(value: str) -> str:
    """Name of an S3 bucket (3 to 63 small letters, digits, dots, hyphens), or empty."""
    if value and not _BUCKET.fullmatch(value):
        raise ValueError("the name of a bucket is needed: 3 to 63 small letters, digits, dots and hyphens")
    if value and find_spec("aiobotocore") is None:
        raise ValueError("an S3 store needs a driver that is not installed: pip install 'shuangshi[s3]'")
    return value


def prefix(value: str) -> str:
    """Words between slashes, or empty."""
    value = value.strip("/")
    if value and not _PREFIX.fullmatch(value):
        raise ValueError("words of letters, digits, dots, hyphens and underscores between slashes are needed")
    return value


def endpoint(value: str) -> str:
    """`http(s)://HOST[:PORT]`, or empty."""
    parts = urlsplit(value)
    if parts.username or parts.password:
        raise ValueError("an address without a login is needed; keys have settings of their own")
    return base_url(value)


def database(value: str) -> str:
    """A database address with its asyncio driver, or empty."""
    for plain, driver in (("sqlite:", "sqlite+aiosqlite:"), ("postgresql:", "postgresql+asyncpg:"), ("postgres:", "postgresql+asyncpg:")):
        if value.startswith(plain):
            value = driver + value[len(plain) :]
    if value and not value.startswith(("sqlite+aiosqlite:", "postgresql+asyncpg:")):
        raise ValueError("sqlite:///FILE or postgresql://… is needed")
    if value.startswith("postgresql+") and find_spec("asyncpg") is None:
        raise ValueError("PostgreSQL needs a driver that is not installed: pip install 'shuangshi[postgresql]'")
    return value


def redis(value: str) -> str:
    """A Redis address, or empty."""
    if value and not value.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("redis://HOST:PORT/NUMBER is needed")
    return value


def language(value: str) -> str:
    """One of our languages."""
    if value not in ("zh", "en"):
        raise ValueError("zh or en is needed")
    return value


def timezone(value: str) -> str:
    """A time zone of the IANA database."""
    if value not in zoneinfo.available_timezones():
        raise ValueError("a time zone like Asia/Shanghai is needed")
    return value


def level(value: str) -> str:
    """A log level."""
    if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("DEBUG, INFO, WARNING or ERROR is needed")
    return value.upper()
