"""What tools and strangers send wrongly over HTTP: the right status, one error shape in two languages, nothing left behind."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
import pytest_asyncio

from media.synthetic.peer import Peer, publisher
from media.synthetic.tracks import VoiceTrack
from media.synthetic.voice import tones
from tests.harness.product import Link, Product
from tests.harness.school import within

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
PLAYER = "https://player.example"
CJK = re.compile("[\u4e00-\u9fff]")


@dataclass
class Class:
    """A lesson with a master whose session runs, and somebody's link to another lesson."""

    product: Product
    http: aiohttp.ClientSession
    lesson: str
    master: Link
    other: Link
    offer: str
    session: Peer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(school: Product) -> AsyncIterator[Class]:
    lesson, other = await asyncio.gather(school.lesson(), school.lesson())
    master, foreign = await asyncio.gather(school.link(lesson, "master"), school.link(other, "master"))
    async with aiohttp.ClientSession() as http:
        session = publisher(http, master.whip + "?sources=mic", master.token, [VoiceTrack(tones())])
        async with session:
            await session.connect()
            made = Class(school, http, lesson, master, foreign, session.pc.localDescription.sdp, session)
            await within(5, lambda: _sending(made))
            yield made


async def _tables(room: Class) -> dict[str, float]:
    """The sizes of the worker's tables and the open sockets, from /metrics."""
    async with room.http.get(f"{room.product.url}/metrics") as response:
        rows = [line.split() for line in (await response.text()).splitlines() if not line.startswith("#")]
    named = {name.removeprefix("shuangshi_worker_"): float(value) for name, value in rows}
    sizes = ("relay_layers", "relay_publishers", "relay_slots", "relay_sources", "relay_subscribers", "relay_wanted")
    sizes += ("fanout_rows", "fanout_sessions", "fanout_paths", "sessions", "transport_sessions", "transport_paths", "shuangshi_sockets")
    return {name: named[name] for name in sizes}


async def _sending(room: Class) -> bool:
    return (await _tables(room))["relay_layers"] == 1


async def _refusals(room: Class) -> dict[str, float]:
    async with room.http.get(f"{room.product.url}/metrics") as response:
        found = re.findall(r'^shuangshi_refusals_total\{code="([^"]+)"\} (\S+)$', await response.text(), re.MULTILINE)
    return {code: float(count) for code, count in found}


async def _refused(room: Class, method: str, path: str, status: int, code: str, token: str = "", **sent: object) -> aiohttp.ClientResponse:
    """The request is refused so: status, code, one shape, both languages; it is counted, and nothing stays behind."""
    tables, refusals = await _tables(room), await _refusals(room)
    headers = {"Authorization": f"Bearer {token or room.master.token}", **sent.pop("headers", {})}  # type: ignore[dict-item]
    async with room.http.request(method, room.product.url + path, headers=headers, **sent) as response:  # type: ignore[arg-type]
        body = await response.json()
        assert (response.status, body["error"]["code"]) == (status, code), body
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "params", "message"}
    assert CJK.search(body["error"]["message"]["zh"])
    assert body["error"]["message"]["en"].isascii()
    assert (await _refusals(room)).get(code, 0) == refusals.get(code, 0) + 1
    await within(3, lambda: _same(room, tables), lambda: tables)
    return response


async def _same(room: Class, tables: dict[str, float]) -> bool:
    return await _tables(room) == tables


@pytest.mark.parametrize("door", ["whip", "whep"])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("", 400, "sdp.malformed"),
        ("no offer at all", 400, "sdp.malformed"),
        ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", 422, "sdp.unacceptable"),
    ],
)
async def test_a_body_that_is_no_offer(room: Class, door: str, body: str, status: int, code: str) -> None:
    await _refused(room, "POST", f"/{door}/{room.lesson}", status, code, data=body, headers=SDP)


async def test_an_offer_without_a_codec_we_share(room: Class) -> None:
    strange = room.offer.replace("opus/48000/2", "L16/44100/2")
    strange = re.sub(r"a=rtpmap:\d+ (?!L16)[^\r]*\r\n", "", strange)
    await _refused(room, "POST", f"/whip/{room.lesson}?sources=mic", 422, "sdp.unacceptable", data=strange, headers=SDP)


async def test_bytes_that_are_no_text(room: Class) -> None:
    await _refused(room, "POST", f"/whip/{room.lesson}", 400, "request.malformed", data=b"v=0\r\n\xff\xfe", headers=SDP)


@pytest.mark.parametrize("names", ["mic,hat", "camera,camera", "program.audio", ","])
async def test_sources_that_there_are_not(room: Class, names: str) -> None:
    await _refused(room, "POST", f"/whip/{room.lesson}?sources={names}", 422, "sdp.names", data=room.offer, headers=SDP)


async def test_names_that_do_not_fit_the_offer(room: Class) -> None:
    await _refused(room, "POST", f"/whip/{room.lesson}?sources=camera", 422, "sdp.names", data=room.offer, headers=SDP)
    sound = room.offer.replace("a=sendonly", "a=recvonly")
    await _refused(room, "POST", f"/whep/{room.lesson}?slots=stage.1.video", 422, "sdp.names", data=sound, headers=SDP)


async def test_another_content_type(room: Class) -> None:
    for kind in ("application/json", "text/plain"):
        wrong = {"Content-Type": kind}
        await _refused(room, "POST", f"/whep/{room.lesson}", 415, "request.content_type", data=room.offer, headers=wrong)
    await _refused(room, "PATCH", _path(room), 415, "request.content_type", data="a", headers={**SDP, "If-Match": "*"})


async def test_a_body_over_the_limit(room: Class) -> None:
    large = b"v=0\r\n" + b"a=x\r\n" * 60_000
    await _refused(room, "POST", f"/whip/{room.lesson}", 413, "request.too_large", data=large, headers=SDP)

    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b"a=x\r\n" * 200

    await _refused(room, "POST", f"/whip/{room.lesson}", 413, "request.too_large", data=unannounced(), headers=SDP)


async def test_a_lesson_that_is_not(room: Class) -> None:
    await _refused(room, "POST", "/whip/nosuchlesson", 404, "lesson.unknown", data=room.offer, headers=SDP)


async def test_tokens_that_do_not_count(room: Class) -> None:
    post = {"data": room.offer, "headers": SDP}
    for token in ("x", "a.b.c", "é".encode().hex(), room.master.token[:-1], room.master.token + "x", "x" * 5000):
        await _refused(room, "POST", f"/whip/{room.lesson}", 401, "link.invalid", token=token, **post)
    response = await _refused(room, "POST", f"/whip/{room.lesson}", 401, "link.invalid", headers={**SDP, "Authorization": "Basic eDp5"})
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    await _refused(room, "POST", f"/whip/{room.lesson}", 403, "forbidden", token=room.other.token, **post)
    expired = await room.product.link(room.lesson, "classroom", "Late", hours=0.01 / 3600)
    await _refused(room, "POST", f"/whip/{room.lesson}", 401, "link.expired", token=expired.token, **post)


async def test_without_any_paper(room: Class) -> None:
    for method, path in (("POST", f"/whip/{room.lesson}"), ("POST", f"/whep/{room.lesson}"), ("GET", f"/ws/{room.lesson}")):
        async with room.http.request(method, room.product.url + path, data=b"v=0", headers=SDP) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (401, "link.missing")


def _path(room: Class) -> str:
    return room.session.resource.removeprefix(room.product.url)


def _trickle(room: Class) -> str:
    lines = room.offer.splitlines()
    return "".join(next(line for line in lines if line.startswith(key)) + "\r\n" for key in ("a=ice-ufrag:", "a=ice-pwd:"))


async def test_patch_and_delete_that_do_not_fit(room: Class) -> None:
    body = _trickle(room)
    await _refused(room, "PATCH", _path(room), 428, "media.session_etag", data=body, headers=FRAGMENT)
    await _refused(room, "PATCH", _path(room), 412, "media.session_stale", data=body, headers={**FRAGMENT, "If-Match": '"old"'})
    await _refused(room, "PATCH", _path(room), 400, "sdp.malformed", data="nonsense", headers={**FRAGMENT, "If-Match": "*"})
    for method in ("PATCH", "DELETE"):
        sent = {"data": body, "headers": {**FRAGMENT, "If-Match": "*"}}
        await _refused(room, method, f"/whip/{room.lesson}/nosuchsession", 404, "media.session_unknown", **sent)
        await _refused(room, method, _path(room), 403, "forbidden", token=room.other.token, **sent)
    stranger = await room.product.link(room.lesson, "viewer")
    await _refused(room, "DELETE", _path(room), 404, "media.session_unknown", token=stranger.token)
    assert await room.session.alive(), "nobody else ended it"


async def test_addresses_and_methods_that_are_not(room: Class) -> None:
    await _refused(room, "GET", "/nowhere", 404, "request.path")
    for method, path, allowed in (
        ("GET", f"/whip/{room.lesson}", "POST"),
        ("PUT", f"/whep/{room.lesson}", "POST"),
        ("POST", "/healthz", "GET"),
    ):
        response = await _refused(room, method, path, 405, "request.method")
        assert allowed in response.headers["Allow"]


async def test_a_player_on_another_site(room: Class) -> None:
    """The preflight of the Fetch standard, RFC 9725 4.2, and an answer that its script may read."""
    asks = {"Origin": PLAYER, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    async with room.http.options(f"{room.product.url}/whep/{room.lesson}", headers=asks) as response:
        assert response.status == 204
        assert response.headers["Accept-Post"] == "application/sdp"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "POST" in response.headers["Access-Control-Allow-Methods"]
        assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
    refused = await _refused(room, "POST", f"/whep/{room.lesson}", 400, "sdp.malformed", data="x", headers={**SDP, "Origin": PLAYER})
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    async with room.http.options(room.session.resource, headers={**asks, "Access-Control-Request-Method": "PATCH"}) as response:
        assert {"PATCH", "DELETE"} <= set(response.headers["Access-Control-Allow-Methods"].split(", "))
        assert "If-Match" in response.headers["Access-Control-Allow-Headers"]


async def test_a_page_of_another_site_cannot_use_the_cookie(room: Class) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(room.master.page) as page:
            assert page.status == 200
            assert "/join/" not in str(page.url), "the link leaves the address bar"
        for origin in ({"Origin": PLAYER}, {}):
            async with browser.post(f"{room.product.url}/whip/{room.lesson}", data=room.offer, headers={**SDP, **origin}) as response:
                assert (response.status, (await response.json())["error"]["code"]) == (403, "forbidden")
            async with browser.get(f"{room.product.url}/ws/{room.lesson}", headers=origin) as response:
                assert response.status == 403


async def test_too_many_sessions_from_one_link(room: Class) -> None:
    eager = await room.product.link(room.lesson, "viewer")
    headers = {**SDP, "Authorization": f"Bearer {eager.token}"}
    statuses = []
    for _ in range(62):
        async with room.http.post(f"{room.product.url}/whep/{room.lesson}", data="x", headers=headers) as response:
            statuses.append(response.status)
    assert statuses[:55] == [400] * 55
    assert statuses[-1] == 429
    assert int(response.headers["Retry-After"]) > 0
