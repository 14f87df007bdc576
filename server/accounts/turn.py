"""ICE servers for one session, with TURN credentials minted from a shared secret and limited in time (M23).

The scheme is that of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest-00, section 2.2): the user name is the time of
expiry in Unix seconds, a colon and an id; the password is base64 of HMAC-SHA1 over it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from server.reading import IceServer


@dataclass(frozen=True, slots=True)
class IcePlan:
    """Which servers to tell browsers."""

    fixed: tuple[IceServer, ...] = ()
    turn: tuple[str, ...] = ()
    secret: str = ""
    hours: float = 12

    def servers(self, who: str, now_s: int) -> tuple[IceServer, ...]:
        """The servers for one session of `who` that starts at `now_s` (Unix seconds)."""
        if not self.turn:
            return self.fixed
        username = f"{now_s + int(self.hours * 3600)}:{hashlib.sha256(who.encode()).hexdigest()[:16]}"
        digest = hmac.digest(self.secret.encode(), username.encode(), "sha1")
        credential = base64.b64encode(digest).decode()
        return self.fixed + tuple(IceServer(url, username, credential) for url in self.turn)


def as_rtc(servers: tuple[IceServer, ...]) -> list[dict[str, str]]:
    """The servers as `RTCIceServer` dictionaries."""
    return [{"urls": s.url, "username": s.username, "credential": s.credential} if s.username else {"urls": s.url} for s in servers]


def as_link_header(server: IceServer) -> str:
    """One `Link` header value (RFC 9725 section 4.6)."""
    value = f'<{server.url}>; rel="ice-server"'
    if server.username:
        value += f'; username="{_quoted(server.username)}"; credential="{_quoted(server.credential)}"; credential-type="password"'
    return value


def _quoted(text: str) -> str:
    """The inside of a quoted-string (RFC 9110 section 5.6.4)."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
