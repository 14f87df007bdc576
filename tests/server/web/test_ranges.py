"""Playable files over HTTP: RFC 9110 sections 13 and 14, whoever asks however."""

from __future__ import annotations

import time
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.client.manifest import Manifest
from server.settings import Settings
from server.web import keys
from server.web.ranges import Part, Unsatisfiable, part_of
from tests.harness.recorded import recorded
from tests.server.web.conftest import Browser, Town


@pytest.fixture
async def made(town: Town, settings: Settings) -> Manifest:
    return await recorded(town.web.app[keys.STORE].database, settings.data_dir, time.time_ns() // 1_000_000 - 3_600_000)


@given(st.integers(0, 50), st.integers(0, 60), st.integers(0, 60))
def test_a_range_is_what_python_slices(size: int, first: int, last: int) -> None:
    data = bytes(range(size))

    def found(text: str) -> bytes | None:
        try:
            part = part_of(text, size)
        except Unsatisfiable:
            return None
        return data if part is None else data[part.begin : part.end]

    assert found(f"bytes={first}-") == (data[first:] or None)
    assert found(f"bytes=-{last}") == ((data[-last:] or None) if last else None)
    assert found(f"bytes={first}-{last}") == (data if last < first else data[first : last + 1] or None)


@pytest.mark.parametrize(
    "text",
    [None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-2,4-5", "items=1-2", "bytes=1", "bytes=٣-٤", "bytes=" + "9" * 40 + "-"],
)
def test_what_is_no_range_is_ignored(text: str | None) -> None:
    assert part_of(text, 100) is None


def test_a_range_ends_with_its_file() -> None:
    assert part_of("bytes=90-999999999999999999", 100) == Part(90, 100)
    assert part_of("BYTES= 0-0 ", 100) == Part(0, 1)


async def _ask(browser: Browser, method: str, path: str, **headers: str) -> aiohttp.ClientResponse:
    return await browser._ask(method, path, headers={key.replace("_", "-"): value for key, value in headers.items()})


async def test_conditions_and_ranges(town: Town, made: Manifest) -> None:
    found: dict[str, Any] = await (await town.browser("x2.c1.s1").get("/replay/lesson.x/data")).json()
    url, nobody, size = found["files"][0]["url"], Browser(town.web, {}), made.files[0].octets
    tag = f'"{made.files[0].sha256}"'

    async def ask(method: str = "GET", **headers: str) -> aiohttp.ClientResponse:
        return await _ask(nobody, method, url, **headers)

    whole = await ask()
    body = await whole.read()
    assert (whole.status, whole.headers["ETag"], whole.headers["Accept-Ranges"], len(body)) == (200, tag, "bytes", size)
    for header in ({}, {"If_Range": tag}):  # by the short way, and block by block
        part = await ask(Range="bytes=10-19", **header)
        assert (part.status, part.headers["Content-Range"], part.headers["ETag"]) == (206, f"bytes 10-19/{size}", tag)
        assert await part.read() == body[10:20]
        last = await ask(Range="bytes=-7", **header)
        assert (last.status, last.headers["Content-Range"], await last.read()) == (206, f"bytes {size - 7}-{size - 1}/{size}", body[-7:])
        beyond = await ask(Range=f"bytes={size}-", **header)
        assert (beyond.status, beyond.headers["Content-Range"], await beyond.read()) == (416, f"bytes */{size}", b"")
        several = await ask(Range="bytes=0-1,4-5", **header)
        assert (several.status, await several.read()) == (200, body)
    for changed in ('"other"', f"W/{tag}", "Thu, 01 Jan 2026 00:00:00 GMT"):
        other = await ask(Range="bytes=10-19", If_Range=changed)
        assert (other.status, await other.read()) == (200, body), changed
    for known in (tag, f"W/{tag}", f'"a", {tag}', "*"):
        same = await ask(If_None_Match=known)
        assert (same.status, same.headers["ETag"], await same.read()) == (304, tag, b""), known
    assert (await ask(If_None_Match='"other"')).status == 200
    assert [(await ask(If_Match=one)).status for one in (tag, "*", '"other"', f"W/{tag}")] == [200, 200, 412, 412]


async def test_head_says_what_get_would(town: Town, made: Manifest) -> None:
    admin, url = town.browser("x.admin"), f"/recordings/lesson.x/files/{made.files[0].name}"
    head, get = await _ask(admin, "HEAD", url), await _ask(admin, "GET", url)
    for name in ("Content-Length", "Content-Type", "ETag", "Accept-Ranges", "Content-Disposition"):
        assert head.headers[name] == get.headers[name], name
    assert (head.status, await head.read()) == (200, b"")
    ranged = await _ask(admin, "HEAD", url, Range="bytes=1-2")
    assert (ranged.status, ranged.headers["Content-Length"]) == (200, str(made.files[0].octets)), "ranges are of GET (section 14.2)"
