"""The STUN a lite agent needs (RFC 8489, RFC 8445 7.3), over `aioice.stun`: read Binding requests, write their answers."""

from __future__ import annotations

import struct
from typing import Any

from aioice import stun

from media.errors import MalformedPacket


class Check:
    """A Binding request; nothing in it is to be believed before `authentic`."""

    __slots__ = ("_message", "ufrag")

    def __init__(self, packet: bytes) -> None:
        """Parse; raises `MalformedPacket` without USERNAME, MESSAGE-INTEGRITY and a right FINGERPRINT (RFC 8445 7.2.2)."""
        if not _tiles(packet):
            raise MalformedPacket("attribute past the end")
        try:
            self._message: Any = stun.parse_message(packet)
        except (ValueError, struct.error, IndexError, KeyError) as error:
            raise MalformedPacket(str(error)) from error
        attributes = self._message.attributes
        is_request = self._message.message_class == stun.Class.REQUEST and self._message.message_method == stun.Method.BINDING
        if not is_request or not {"USERNAME", "MESSAGE-INTEGRITY", "FINGERPRINT"} <= attributes.keys():
            raise MalformedPacket("not a connectivity check")
        self.ufrag: str = attributes["USERNAME"].partition(":")[0]

    def authentic(self, pwd: str) -> bool:
        """Whether the sender knows our password."""
        return bool(self._message.check_message_integrity(pwd.encode()))

    @property
    def nominates(self) -> bool:
        """USE-CANDIDATE is present."""
        return "USE-CANDIDATE" in self._message.attributes

    @property
    def peer_is_controlled(self) -> bool:
        """ICE-CONTROLLED is present: a role conflict, for we can never be the controlling side (RFC 8445 6.1.1)."""
        return "ICE-CONTROLLED" in self._message.attributes

    @property
    def transaction(self) -> bytes:
        """Transaction id, 12 bytes."""
        return bytes(self._message.transaction_id)


def _tiles(packet: bytes) -> bool:
    """Whether the attributes fill the message exactly: aioice takes a truncated last one as it is."""
    at = stun.HEADER_LENGTH
    while at + 4 <= len(packet):
        length = int.from_bytes(packet[at + 2 : at + 4], "big")
        at += 4 + length + (-length % 4)
    return at == len(packet)


def success(check: Check, source: tuple[str, int], pwd: str) -> bytes:
    """The answer to a valid check: XOR-MAPPED-ADDRESS is where it came from (RFC 8489 14.2)."""
    return _answer(check, stun.Class.RESPONSE, {"XOR-MAPPED-ADDRESS": source}, pwd)


def conflict(check: Check, pwd: str) -> bytes:
    """487: the peer must take the controlling role (RFC 8445 7.3.1.1; a lite agent never switches)."""
    return _answer(check, stun.Class.ERROR, {"ERROR-CODE": (487, "Role Conflict")}, pwd)


def _answer(check: Check, kind: stun.Class, attributes: dict[str, Any], pwd: str) -> bytes:
    message = stun.Message(stun.Method.BINDING, kind, check.transaction, attributes)
    message.add_message_integrity(pwd.encode())
    return bytes(message)
