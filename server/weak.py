"""Secrets that are none: examples from documents, repeated characters, words everybody tries first. A server does not start with them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from server.reading import IceServer
from server.settings import PREFIX, SECRETS, Settings

SHORTEST = 16
"""Characters of a secret that machines share."""
SHORTEST_PASSWORD = 8
"""Characters of a password to a database or server."""
_WORDS = (
    "admin changeit changeme changethis credential default example examplesecret geheim guest hunter2 insecure key letmein mysecret none "
    "null pass passw0rd passwd passwort password placeholder postgres postgresql private qwerty redis replaceme root s3cr3t s3cret secret "
    "secretkey setme shuangshi test tester testing todo token topsecret turn turnsecret user welcome xxx"
)
KNOWN = frozenset(_WORDS.split())
"""Without case, digits at the end and everything between the letters."""
_PLACE = re.compile(r"[<\[{$].*|.*[>\]}]|\.{2,}|…")
_PARTS = (
    "my",
    "your",
    "the",
    "a",
    "our",
    "some",
    "here",
    "me",
    "change",
    "replace",
    "set",
    "example",
    "this",
    "please",
    "with",
    "long",
    "random",
    "string",
)


def problems(settings: Settings) -> list[str]:
    """A line for each secret of the settings that a server must not start with; none when all are good. Secrets are never shown."""
    found = []
    for name in sorted(SECRETS):
        for secret, shortest in _secrets(getattr(settings, name)):
            if why := weakness(secret, shortest):
                found.append(f"{PREFIX}{name.upper()}: {why}; make one with: openssl rand -hex 32")
                break
    return found


def weakness(secret: str, shortest: int = SHORTEST) -> str:
    """Why this is no secret; empty: it may be one."""
    if _known(secret):
        return "it is an example or a default that everybody knows"
    if len(secret) < shortest:
        return f"it is too short, at least {shortest} characters are needed"
    if secret in (secret + secret)[1:-1] or len(set(secret)) < 5 or _counts(secret):
        return "it repeats itself"
    return ""


def _known(secret: str) -> bool:
    plain = re.sub(r"[^a-z0-9]", "", secret.lower())
    if _PLACE.fullmatch(secret) or plain in KNOWN or plain.rstrip("0123456789") in KNOWN:
        return True
    words = re.findall(r"[a-z]+|[0-9]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", secret).lower())
    return any(word.isalpha() for word in words) and all(word in KNOWN or word in _PARTS or word.isdecimal() for word in words)


def _counts(secret: str) -> bool:
    """`abcdefgh…`, `0123456789…`, and the bytes 00 01 02 … in hex digits."""
    steps = {ord(b) - ord(a) for a, b in itertools.pairwise(secret)}
    if steps <= {1, -9} or steps <= {-1, 9}:
        return True
    if len(secret) % 2 or not re.fullmatch(r"[0-9a-fA-F]+", secret):
        return False
    data = bytes.fromhex(secret)
    return len({(b - a) % 256 for a, b in itertools.pairwise(data)}) <= 1


def _secrets(value: Any) -> Iterator[tuple[str, int]]:
    """Each secret in a setting's value, with the fewest characters it must have."""
    if isinstance(value, bytes) and value:
        yield value.hex(), SHORTEST
    elif isinstance(value, IceServer) and value.credential:
        yield value.credential, SHORTEST_PASSWORD
    elif isinstance(value, tuple):
        for one in value[1:] if _is_key(value) else value:
            yield from _secrets(one)
    elif isinstance(value, str) and "://" in value:
        password = urlsplit(value).password
        yield from [(unquote(password), SHORTEST_PASSWORD)] if password else []
    elif isinstance(value, str) and value:
        yield value, SHORTEST


def _is_key(value: tuple[Any, ...]) -> bool:
    """A data key with its id, which is no secret."""
    return len(value) == 2 and isinstance(value[1], bytes)
