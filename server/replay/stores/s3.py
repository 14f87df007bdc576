"""An S3-compatible store: any server that speaks the API (Amazon S3 API Reference, 2006-03-01) over HTTP(S) with signature version 4."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from server.errors import RecordingAway, RecordingStoreRefused
from server.replay.stores.source import BLOCK

T = TypeVar("T")

CONNECT_SECONDS = 5
READ_SECONDS = 20
MANY = 1000
"""Objects deleted at once, and listed in one answer."""
TRIES = 3
"""Of reading on where a connection broke."""
_REFUSED = frozenset(
    {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket", "InvalidBucketName", "PermanentRedirect", "401", "403"}
)
_MISSING = frozenset({"NoSuchKey", "NoSuchUpload", "404", "NotFound"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where it is, and how we may use it."""

    name: str
    endpoint: str = ""
    """Empty: Amazon's own."""
    region: str = "us-east-1"
    prefix: str = ""
    """What all our keys begin with."""
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    path_style: bool = True
    """The bucket is in the path of addresses, not in their host name."""


class Missing(FileNotFoundError):
    """There is no such object, or upload."""


class Store:
    """One bucket. Everything raises `RecordingAway` for a store that does not answer and `RecordingStoreRefused` for one that refuses us."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.trouble: str = ""
        """Code of the error of the last request; empty: it went well."""
        self._stack = AsyncExitStack()
        self._client: Any = None
        self._opening = asyncio.Lock()

    async def client(self) -> Any:
        """The client, made when it is needed first: nothing is asked of the store before."""
        async with self._opening:
            if self._client is None:
                self._client = await self._stack.enter_async_context(_open(self.bucket))
        return self._client

    async def close(self) -> None:
        """End all connections."""
        await self._stack.aclose()

    async def ask(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """One request, its failure told in our words. Raises `Missing` too."""
        with self.telling():
            return await work(await self.client())

    @contextmanager
    def telling(self) -> Iterator[None]:
        """What fails in the block is told in our words."""
        try:
            yield
        except Missing:
            raise
        except Exception as error:
            known = _known(error)
            if known is None:
                raise
            self.trouble = known.code if isinstance(known, RecordingAway | RecordingStoreRefused) else ""
            raise known from error
        self.trouble = ""

    def key(self, *parts: str) -> str:
        """The key of an object of ours."""
        return "/".join((*([self.bucket.prefix] if self.bucket.prefix else []), *parts))

    async def head(self, key: str) -> Any:
        """Length and metadata of an object. Raises `Missing`."""
        return await self.ask(lambda client: client.head_object(Bucket=self.bucket.name, Key=key))

    async def keys(self, prefix: str) -> list[str]:
        """Of all objects under it."""
        found: list[str] = []
        more: dict[str, str] = {}
        while True:
            page = await self.ask(
                lambda client, more=more: client.list_objects_v2(Bucket=self.bucket.name, Prefix=prefix, MaxKeys=MANY, **more)  # type: ignore[misc]
            )
            found += [one["Key"] for one in page.get("Contents", ())]
            if not page.get("IsTruncated"):
                return found
            more = {"ContinuationToken": page["NextContinuationToken"]}

    async def delete(self, keys: list[str]) -> None:
        """One after the other: deleting many in one request is what servers differ in most."""
        for key in keys:
            await self.ask(lambda client, key=key: client.delete_object(Bucket=self.bucket.name, Key=key))  # type: ignore[misc]

    async def uploads(self, prefix: str) -> list[Any]:
        """Uploads that were begun under it and not completed, the oldest first."""
        what = {"Bucket": self.bucket.name, "Prefix": prefix, "MaxUploads": MANY}  # the rest next time
        try:
            page = await self.ask(lambda client: client.list_multipart_uploads(**what))
        except Missing:  # what some servers say of none
            return []
        return sorted((one for one in page.get("Uploads", ()) if one["Key"].startswith(prefix)), key=lambda one: str(one.get("Initiated")))

    async def abort(self, key: str, upload: str) -> None:
        """Its parts go."""
        try:
            await self.ask(lambda client: client.abort_multipart_upload(Bucket=self.bucket.name, Key=key, UploadId=upload))
        except Missing:
            return


class Stored:
    """An object as a `Source`."""

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key
        self._size: int | None = None

    async def size(self) -> int:
        """See `Source`."""
        if self._size is None:
            self._size = int((await self._store.head(self._key))["ContentLength"])
        return self._size

    async def read(self, begin: int, end: int) -> AsyncGenerator[bytes, None]:
        """See `Source`; where the connection breaks it goes on from there, a few times."""
        end, tries = min(end, await self.size()), 0
        while begin < end:
            try:
                async for block in self._once(begin, end):
                    begin, tries = begin + len(block), 0
                    yield block
                if begin < end:
                    raise RecordingAway("an answer ended too early")
            except RecordingAway:
                tries += 1
                if tries >= TRIES:
                    raise

    async def _once(self, begin: int, end: int) -> AsyncGenerator[bytes, None]:
        asked = {"Bucket": self._store.bucket.name, "Key": self._key, "Range": f"bytes={begin}-{end - 1}"}
        answer = await self._store.ask(lambda client: client.get_object(**asked))
        if answer.get("ContentRange", "").partition("/")[0] != f"bytes {begin}-{end - 1}":
            raise RecordingAway(f"another range than {begin}-{end - 1} came: {answer.get('ContentRange')}")
        async with answer["Body"] as body:
            while True:
                with self._store.telling():
                    block = await body.read(BLOCK)
                if not block:
                    return
                yield block


def _open(bucket: Bucket) -> Any:
    from aiobotocore.config import AioConfig  # only where it is used: it takes a while to load
    from aiobotocore.session import get_session

    config = AioConfig(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 2, "mode": "standard"},
        s3={"addressing_style": "path" if bucket.path_style else "virtual"},
        signature_version="s3v4",
        request_checksum_calculation="when_required",  # not every compatible server knows the newer checksums; each part has Content-MD5
        response_checksum_validation="when_required",
        max_pool_connections=32,
    )
    return get_session().create_client(
        "s3",
        endpoint_url=bucket.endpoint or None,
        region_name=bucket.region,
        aws_access_key_id=bucket.access_key,
        aws_secret_access_key=bucket.secret_key,
        config=config,
    )


def _known(error: Exception) -> Exception | None:
    """The same in our words, without what a server may have put into it; None: it is none of a store's."""
    import aiohttp
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        what = f"{error.operation_name}: {code[:40]} ({status})"
        if code in _REFUSED or status in (401, 403) or (error.operation_name == "ListObjectsV2" and status == 404):
            return RecordingStoreRefused(what)
        return Missing(what) if code in _MISSING or status == 404 else RecordingAway(what)
    if isinstance(error, BotoCoreError | aiohttp.ClientError | TimeoutError | ConnectionError):
        return RecordingAway(type(error).__name__)
    return None
