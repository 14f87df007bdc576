"""WHIP and WHEP clients (RFC 9725) on aiortc: what a classroom box without a browser runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import aiohttp
from aiortc import MediaStreamTrack, RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

log = logging.getLogger(__name__)


class Rejected(Exception):
    """The endpoint answered with an error status."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body[:200]}")
        self.status = status


class Peer:
    """One peer connection made through one POST. `connect` raises `Rejected` or `aiohttp.ClientError`."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http = http
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._etag = ""
        self.resource = ""
        """URL of the session, once connected."""
        # With its default policy aiortc leaves the second m-line of a kind on a transport that the bundled answer ends.
        self.pc = RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_COMPAT))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def connect(self) -> None:
        """Offer what the peer connection holds and take the answer."""
        await self.pc.setLocalDescription(await self.pc.createOffer())
        headers = {**self._headers, "Content-Type": "application/sdp"}
        async with self._http.post(self._url, data=self.pc.localDescription.sdp, headers=headers) as response:
            body = await response.text()
            if response.status != 201:
                raise Rejected(response.status, body)
            self.resource = urljoin(str(response.url), response.headers["Location"])
            self._etag = response.headers.get("ETag", "")
        await self.pc.setRemoteDescription(RTCSessionDescription(body, "answer"))

    async def alive(self) -> bool:
        """Ask the server, with an empty trickle fragment, whether the session is still there.

        A web process that is away says nothing about media, which goes on without it (M33): that counts as alive.
        """
        ufrag = next(line for line in self.pc.localDescription.sdp.splitlines() if line.startswith("a=ice-ufrag:"))
        headers = {**self._headers, "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": self._etag}
        password = next(line for line in self.pc.localDescription.sdp.splitlines() if line.startswith("a=ice-pwd:"))
        try:
            async with self._http.patch(self.resource, data=f"{ufrag}\r\n{password}\r\n", headers=headers) as response:
                return response.status not in (404, 412)
        except (aiohttp.ClientError, TimeoutError):
            return True

    async def close(self) -> None:
        """End the session here and there."""
        if self.resource:
            try:
                async with self._http.delete(self.resource, headers=self._headers):
                    pass
            except (aiohttp.ClientError, TimeoutError):
                log.info("the session at %s could not be ended: the server is away", self.resource)
        await self.pc.close()


def publisher(http: aiohttp.ClientSession, url: str, token: str, tracks: Sequence[MediaStreamTrack]) -> Peer:
    """A peer that sends the tracks, an m-line each, in order."""
    peer = Peer(http, url, token)
    for track in tracks:
        peer.pc.addTransceiver(track, direction="sendonly")
    return peer


def watcher(http: aiohttp.ClientSession, url: str, token: str, kinds: Sequence[str]) -> Peer:
    """A peer that receives, an m-line for each of `kinds` (`audio` or `video`)."""
    peer = Peer(http, url, token)
    for kind in kinds:
        peer.pc.addTransceiver(kind, direction="recvonly")
    return peer


CHECK_SECONDS = 3.0


async def keep(make: Callable[[], Peer], jitter: Callable[[], float]) -> None:
    """Hold a connection for ever: make it, watch it, make it again within about two seconds of its end."""
    while True:
        async with make() as peer:
            try:
                await peer.connect()
                while peer.pc.connectionState not in ("failed", "closed") and await peer.alive():
                    await asyncio.sleep(CHECK_SECONDS)
            except (Rejected, aiohttp.ClientError, TimeoutError) as error:
                log.info("%s: %s", peer.resource or "not connected", error)
            except Exception:
                # A fault of one connection must not end the classrooms beside it.
                log.exception("%s", peer.resource or "not connected")
        await asyncio.sleep(0.5 + jitter())
