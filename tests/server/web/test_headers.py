"""Headers are bytes: whatever stands in them is refused or passed over, and never a failure."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from server.store import tables as t
from server.web import keys
from tests.server.web.conftest import Town

NASTY = (b"\xff\xfe", b"\xed\xa0\x80", "٣".encode(), b"x" * 5000, b"%00", b"a\x01b")


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"SHUANGSHI_TRUSTED_PROXIES": "127.0.0.1"}


async def send(town: Town, path: str, headers: dict[str, bytes], body: bytes | None = None, who: str = "x1.teacher") -> int:
    """The status that a request of these very bytes gets."""
    host, _, port = town.web.origin.removeprefix("http://").partition(":")
    cookie = "; ".join(f"{name}={value}" for name, value in town.browser(who).cookies.items())
    plain = {"Host": f"{host}:{port}".encode(), "Cookie": cookie.encode(), "Connection": b"close", "Origin": town.web.origin.encode()}
    if body is not None:
        plain |= {"Content-Type": b"application/x-www-form-urlencoded", "Content-Length": str(len(body)).encode()}
    lines = [f"{name}: ".encode() + value for name, value in {**plain, **headers}.items()]
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\r\n".join([f"{'GET' if body is None else 'POST'} {path} HTTP/1.1".encode(), *lines, b"", body or b""]))
    answer = await reader.read()
    writer.close()
    assert b"internal" not in answer
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "header", ["Accept-Language", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto", "Accept", "If-None-Match", "Range"]
)
@pytest.mark.parametrize("value", NASTY)
async def test_a_page_is_shown_whatever_a_header_says(town: Town, header: str, value: bytes) -> None:
    expected = {400} if value == b"a\x01b" else {200}  # RFC 9110 section 5.5: what is no field value is a bad request
    assert await send(town, "/self", {"Accept": b"text/html", header: value}) in expected
    assert await send(town, "/static/favicon.svg", {header: value}) in expected | {206, 304, 416}


@pytest.mark.parametrize("value", NASTY)
async def test_a_token_of_any_bytes_is_a_wrong_one(town: Town, value: bytes) -> None:
    expected = 400 if value == b"a\x01b" else 403
    assert await send(town, "/self/sessions", {"X-CSRF-Token": value, "Accept": b"application/json"}, b"") == expected
    assert await send(town, "/self/sessions", {"Accept": b"application/json"}, b"csrf=%ED%A0%80") == 400


async def test_the_right_token_in_the_header_counts(town: Town) -> None:
    token = town.browser("x1.teacher").token.encode()
    assert await send(town, "/self/sessions", {"X-CSRF-Token": token, "Accept": b"application/json"}, b"") == 200


@pytest.mark.parametrize("value", NASTY[:4])
async def test_what_a_proxy_passes_on_as_an_address_is_one_or_is_none(town: Town, value: bytes) -> None:
    form = b"name=%E7%8E%8B&org=x1&csrf=" + town.browser("x1.admin").token.encode()
    status = await send(town, "/people", {"X-Forwarded-For": value, "Accept": b"application/json"}, form, "x1.admin")
    assert status == 200
    row = await town.web.app[keys.STORE].database.one(select(t.audit.c.origin).where(t.audit.c.act == "person.create"))
    assert row is not None
    assert (await town.web.app[keys.CONTENTS].texts([row.origin]))[row.origin] == "web 127.0.0.1"
