"""Sending a file into a store so that it is there whole: in parts, going on where a process died or a link broke, and read back at the end."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from server.errors import RecordingAway
from server.replay.stores.s3 import Missing, Store, Stored
from server.replay.stores.source import LocalFile

PART = 8 * 1024 * 1024
"""Bytes in memory at a time. The API wants at least 5 MiB of each part but the last, and at most 10 000 parts."""
_MOST_PARTS = 9_000
TRIES = 3
"""Of one part, and of a whole file that was read back as another."""


@dataclass(slots=True)
class Counts:
    """What this process sent, since it began."""

    parts: int = 0
    octets: int = 0
    resumed: int = 0
    """Parts that a process before it had sent."""
    mismatched: int = 0
    """Parts and files that arrived as others than were sent."""


class Upload:
    """Into one store. `went_on` is called after each part, and may raise to end it."""

    def __init__(self, store: Store, counts: Counts, went_on: Callable[[], Awaitable[None]]) -> None:
        self._store = store
        self._counts = counts
        self._went_on = went_on

    async def send(self, file: LocalFile, key: str, sha256: str) -> None:
        """Afterwards the object is the file, which was read back and has this SHA-256. Raises as `Store` does, and `OSError`."""
        size = await file.size()
        for _ in range(TRIES):
            try:
                if not await self._there(key, size, sha256):
                    await (self._parts(file, key, size, sha256) if size > PART else self._small(file, key, sha256))
                if await self._same(key, size, sha256):
                    return
            except Missing:  # the store dropped the upload, or somebody the object
                continue
            self._counts.mismatched += 1
            await self._store.delete([key])
        raise RecordingAway("what is read back is not what was sent")

    async def _there(self, key: str, size: int, sha256: str) -> bool:
        """Sent before already, as it seems."""
        try:
            found = await self._store.head(key)
        except Missing:
            return False
        return int(found["ContentLength"]) == size and found.get("Metadata", {}).get("sha256") == sha256

    async def _same(self, key: str, size: int, sha256: str) -> bool:
        stored, seen = Stored(self._store, key), hashlib.sha256()
        if await stored.size() != size:
            return False
        async with aclosing(stored.read(0, size)) as blocks:
            async for block in blocks:
                await asyncio.to_thread(seen.update, block)
                await self._went_on()
        return seen.hexdigest() == sha256

    async def _small(self, file: LocalFile, key: str, sha256: str) -> None:
        data, digest = await asyncio.to_thread(_part, file, 0, PART)
        what = {"Bucket": self._store.bucket.name, "Key": key, "ContentMD5": _md5(digest), "Metadata": {"sha256": sha256}}
        await self._persist(lambda: self._store.ask(lambda client: client.put_object(Body=data, **what)))
        self._sent(len(data))

    async def _parts(self, file: LocalFile, key: str, size: int, sha256: str) -> None:
        upload, known = await self._begun(key, sha256)
        try:
            await self._rest(file, key, size, upload, known)
        except RecordingAway as error:
            if "(4" not in error.detail:
                raise
            await self._store.abort(key, upload)  # it refuses the parts it has: they are others than these
            raise Missing(error.detail) from error

    async def _rest(self, file: LocalFile, key: str, size: int, upload: str, known: Mapping[int, Any]) -> None:
        bucket, step = self._store.bucket.name, max(PART, -(-size // _MOST_PARTS))
        tags: list[dict[str, Any]] = []
        for n, at in enumerate(range(0, size, step), 1):
            data, digest = await asyncio.to_thread(_part, file, at, step)
            there = known.get(n)
            if there is not None and (there["Size"], there["ETag"].strip('"')) == (len(data), digest.hex()):
                self._counts.resumed += 1
                tags.append({"PartNumber": n, "ETag": there["ETag"]})
                continue
            what = {"Bucket": bucket, "Key": key, "UploadId": upload, "PartNumber": n, "ContentMD5": _md5(digest)}
            sent = await self._persist(lambda what=what, data=data: self._store.ask(lambda client: client.upload_part(Body=data, **what)))  # type: ignore[misc]
            self._sent(len(data))
            tags.append({"PartNumber": n, "ETag": sent["ETag"]})
            await self._went_on()
        done = {"Bucket": bucket, "Key": key, "UploadId": upload, "MultipartUpload": {"Parts": tags}}
        await self._store.ask(lambda client: client.complete_multipart_upload(**done))

    async def _begun(self, key: str, sha256: str) -> tuple[str, dict[int, Any]]:
        """The upload to go on with, and the parts that are there: the latest one of this key that the store still has."""
        for one in reversed([each for each in await self._store.uploads(key) if each["Key"] == key]):
            try:
                return one["UploadId"], await self._listed(key, one["UploadId"])
            except Missing:
                continue
        what = {"Bucket": self._store.bucket.name, "Key": key, "Metadata": {"sha256": sha256}}
        return (await self._store.ask(lambda client: client.create_multipart_upload(**what)))["UploadId"], {}

    async def _listed(self, key: str, upload: str) -> dict[int, Any]:
        found: dict[int, Any] = {}
        what: dict[str, Any] = {"Bucket": self._store.bucket.name, "Key": key, "UploadId": upload}
        while True:
            page = await self._store.ask(lambda client, what=what: client.list_parts(**what))  # type: ignore[misc]
            found |= {one["PartNumber"]: one for one in page.get("Parts", ())}
            if not page.get("IsTruncated"):
                return found
            what = {**what, "PartNumberMarker": page["NextPartNumberMarker"]}

    async def _persist(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """A part that arrived as another, or not at all, is sent again."""
        for left in reversed(range(TRIES)):
            try:
                return await work()
            except RecordingAway as error:
                self._counts.mismatched += "BadDigest" in error.detail
                if not left:
                    raise
                await self._went_on()
                await asyncio.sleep(0.2 * (TRIES - left))
        raise AssertionError("the tries end above")

    def _sent(self, octets: int) -> None:
        self._counts.parts += 1
        self._counts.octets += octets


def _part(file: LocalFile, at: int, step: int) -> tuple[bytes, bytes]:
    handle = file.open()
    try:
        data = os.pread(handle, step, at)
    finally:
        os.close(handle)
    return data, hashlib.md5(data, usedforsecurity=False).digest()  # what the API checks a part by; the whole is checked by SHA-256


def _md5(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
