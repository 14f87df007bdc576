"""Signed papers: link tokens and admissions. Pure: time and chance are arguments.

A token is `v1.PAYLOAD.MAC`: base64url of a JSON array, and of HMAC-SHA256 (RFC 2104) over everything before it. It names its
link; what the link grants is always read from the store, so that revocation works. The role, lesson and expiry inside let a
foreign or old token be refused without asking the store.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Any, TypeVar

import msgspec

from server.accounts.secret import derive
from server.domain.link import Link
from server.domain.principal import Role
from server.errors import LinkExpired, LinkInvalid

VERSION = "v1"
MAX_TOKEN = 1024
"""Longest text looked at, characters."""


class LinkClaims(msgspec.Struct, frozen=True, array_like=True):
    """What a link token says."""

    link: str
    lesson: str
    role: Role
    expires_at: int | None
    """UTC ms; None: never."""


class Admission(msgspec.Struct, frozen=True, array_like=True):
    """What a cookie says: this browser was let in by that link, then."""

    id: str
    """Opaque and no secret: it names the cookie, and stands in page addresses."""
    link: str
    lesson: str
    role: Role
    admitted_at: int
    """UTC ms."""


class SeatTicket(msgspec.Struct, frozen=True, array_like=True):
    """What the code on a room's big screen says: who reads it is in that room now (S5)."""

    lesson: str
    participant: str
    shown_at: int
    """UTC ms."""


class SeatChoice(msgspec.Struct, frozen=True, array_like=True):
    """A ticket that was read in time: its phone may choose a seat."""

    lesson: str
    participant: str
    read_at: int
    """UTC ms."""


class PanelPaper(msgspec.Struct, frozen=True, array_like=True):
    """What a cookie says: the PIN of this room was typed on its big screen (S3)."""

    lesson: str
    participant: str
    screen: str
    """The admission of the screen's page: the panel is worth no more than it."""
    room: str
    pin: str
    """Names the PIN it was opened by, and says nothing of it: with another one it is shut."""
    opened_at: int
    """UTC ms."""


class ReplayPaper(msgspec.Struct, frozen=True, array_like=True):
    """What stands in the addresses of a replay's files: they are fetched by media elements, and shown to nobody later."""

    lesson: str
    recording: str
    resource: str
    """The published resource it is watched as; empty: the lesson's own replay."""
    expires_at: int
    """UTC ms."""


class ShiftPaper(msgspec.Struct, frozen=True, array_like=True):
    """What stands in the addresses of a lesson's media while it goes on: it opens nothing that was before `since`, and no finished file."""

    lesson: str
    recording: str
    since: int
    """Lesson time."""
    principal: str
    """Whoever is in the lesson by this paper of theirs, which may be revoked; empty: whoever may see the replay."""
    participant: str
    """Their room, which may be removed."""
    expires_at: int
    """UTC ms."""


Claims = LinkClaims | Admission | SeatTicket | SeatChoice | PanelPaper | ReplayPaper | ShiftPaper
C = TypeVar("C", LinkClaims, Admission, SeatTicket, SeatChoice, PanelPaper, ReplayPaper, ShiftPaper)


class Signer:
    """Makes and reads the papers of one installation."""

    def __init__(self, secret: bytes) -> None:
        self._keys: dict[type, bytes] = {
            LinkClaims: derive(secret, "link v1"),
            Admission: derive(secret, "admission v1"),
            SeatTicket: derive(secret, "seat ticket v1"),
            SeatChoice: derive(secret, "seat choice v1"),
            PanelPaper: derive(secret, "panel v1"),
            ReplayPaper: derive(secret, "replay v1"),
            ShiftPaper: derive(secret, "shift v1"),
        }

    def link_token(self, link: Link) -> str:
        """The token of a link; the same link gives the same token."""
        return self._sign(LinkClaims(link.id, link.lesson, link.role, link.expires_at))

    def read_link(self, token: str) -> LinkClaims:
        """The claims of a link token, expired or not; raises `LinkInvalid`."""
        return self._read(token, LinkClaims)

    def admission_cookie(self, admission: Admission) -> str:
        """The value of an admission's cookie."""
        return self._sign(admission)

    def read_admission(self, value: str) -> Admission:
        """The admission a cookie holds; raises `LinkInvalid`."""
        return self._read(value, Admission)

    def seat_paper(self, claims: SeatTicket | SeatChoice) -> str:
        """The text of a seat's ticket or of the right to choose one."""
        return self._sign(claims)

    def read_ticket(self, text: str) -> SeatTicket:
        """The ticket in an address; raises `LinkInvalid`."""
        return self._read(text, SeatTicket)

    def read_choice(self, text: str) -> SeatChoice:
        """The right to choose in a cookie; raises `LinkInvalid`."""
        return self._read(text, SeatChoice)

    def panel_cookie(self, paper: PanelPaper) -> str:
        """The value of an open panel's cookie."""
        return self._sign(paper)

    def read_panel(self, value: str) -> PanelPaper:
        """The open panel a cookie holds; raises `LinkInvalid`."""
        return self._read(value, PanelPaper)

    def replay_paper(self, paper: ReplayPaper) -> str:
        """The text that stands in the addresses of a replay's files."""
        return self._sign(paper)

    def read_replay(self, text: str) -> ReplayPaper:
        """The paper in an address, expired or not; raises `LinkInvalid`."""
        return self._read(text, ReplayPaper)

    def shift_paper(self, paper: ShiftPaper) -> str:
        """The text that stands in the addresses of media while a lesson goes on."""
        return self._sign(paper)

    def read_shift(self, text: str) -> ShiftPaper:
        """The paper in such an address, expired or not; raises `LinkInvalid`."""
        return self._read(text, ShiftPaper)

    def _sign(self, claims: Claims) -> str:
        body = f"{VERSION}.{_b64(msgspec.json.encode(claims))}"
        return f"{body}.{_b64(self._mac(type(claims), body))}"

    def _mac(self, kind: type, body: str) -> bytes:
        return hmac.digest(self._keys[kind], body.encode(), "sha256")

    def _read(self, text: str, kind: type[C]) -> C:
        body, _, mac = text.rpartition(".")
        if len(text) > MAX_TOKEN or not text.isascii() or not body.startswith(VERSION + "."):
            raise LinkInvalid("not a token of ours")
        try:
            if not hmac.compare_digest(_unb64(mac), self._mac(kind, body)):
                raise LinkInvalid("signature does not fit")
            return msgspec.json.decode(_unb64(body[len(VERSION) + 1 :]), type=kind)
        except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
            raise LinkInvalid("payload cannot be read") from error


def check_expiry(expires_at: int | None, now_ms: int) -> None:
    """Raises `LinkExpired`."""
    if expires_at is not None and now_ms >= expires_at:
        raise LinkExpired


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    data: Any = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _b64(data) != text:
        raise ValueError("not the one spelling of these bytes")
    return bytes(data)
