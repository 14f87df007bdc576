"""Unprotecting what one session sends: SRTP and SRTCP with our own index and replay windows."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag

from media.fanout.counters import Counters
from media.fanout.replay import WindowTable, estimate
from media.fanout.srtp import Buffer, Profile, rtcp_sealer, rtp_keys

SSRC_LIMIT = 256
"""Senders remembered per session: a BUNDLE of 3 sources has a dozen."""


class Inbound:
    """Receiving keys of one session."""

    def __init__(self, profile: Profile, master: bytes, counters: Counters) -> None:
        self._keys = rtp_keys(profile, master)
        self._rtcp = rtcp_sealer(profile, master)
        self._windows = WindowTable(SSRC_LIMIT)
        self._rtcp_windows = WindowTable(SSRC_LIMIT)
        self._counters = counters

    def pin(self, ssrc: int) -> None:
        """The SSRC belongs to a layer: never forget its rollover counter."""
        self._windows.pin(ssrc)

    def unpin(self, ssrc: int) -> None:
        """The SSRC's layer is gone."""
        self._windows.unpin(ssrc)

    def rtp(self, header: Buffer, sealed: Buffer, ssrc: int, sequence: int) -> bytes | None:
        """Payload of an SRTP packet whose header is `header`; None if it is forged, replayed or too old (counted)."""
        window = self._windows.get(ssrc)
        index = estimate(window.highest if window else -1, sequence)
        if window is not None and not window.fresh(index):
            self._counters["srtp_replayed"] += 1
            return None
        try:
            payload = self._keys.cipher.decrypt(self._keys.nonce_of(ssrc, index), sealed, header)
        except InvalidTag:
            self._counters["srtp_unauthentic"] += 1
            return None
        return payload if self._accepted(self._windows, ssrc, index) else None

    def rtcp(self, packet: bytes) -> bytes | None:
        """The compound packet; None if it is forged, replayed or too short (counted)."""
        index = self._rtcp.index_of(packet)
        if index < 0:
            self._counters["malformed"] += 1
            return None
        ssrc = int.from_bytes(packet[4:8], "big")
        window = self._rtcp_windows.get(ssrc)
        if window is not None and not window.fresh(index):
            self._counters["srtcp_replayed"] += 1
            return None
        try:
            compound = self._rtcp.unprotect(packet)
        except InvalidTag:
            self._counters["srtcp_unauthentic"] += 1
            return None
        return compound if self._accepted(self._rtcp_windows, ssrc, index) else None

    def _accepted(self, table: WindowTable, ssrc: int, index: int) -> bool:
        window = table.get(ssrc)
        if window is not None:
            window.accept(index)
            return True
        if table.open(ssrc, index):
            return True
        self._counters["ssrc_table_full"] += 1
        return False
