"""WHIP and WHEP as RFC 9725 and the WHEP draft say."""

from __future__ import annotations

import pytest

from tests.server.web.conftest import Web, error_code

FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


async def test_a_tool_publishes_and_ends_its_session(web: Web) -> None:
    lesson = await web.lesson()
    tool = web.bearer(await web.link(lesson, "master"))
    response = await web.post("whip", lesson, tool, "?sources=mic,camera,screen")
    assert response.status == 201
    assert response.content_type == "application/sdp"
    assert await response.text() == "answer"
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"
    resource = response.headers["Location"]
    assert resource.startswith(f"/whip/{lesson}/")
    assert (await web.client.delete(resource, headers=tool)).status == 200
    gone = await web.client.delete(resource, headers=tool)
    assert (gone.status, await error_code(gone)) == (404, "media.session_unknown")


async def test_a_plain_player_gets_the_program(web: Web) -> None:
    lesson = await web.lesson()
    response = await web.post("whep", lesson, web.bearer(await web.link(lesson)))
    assert response.status == 201
    (session,) = web.worker.fake.told
    assert set(web.worker.fake.told[session].slots) == {"plain.1", "plain.2", "plain.3"}


async def test_patch_rules(web: Web) -> None:
    lesson = await web.lesson()
    tool = web.bearer(await web.link(lesson))
    resource = (await web.post("whep", lesson, tool)).headers["Location"]
    without = await web.client.patch(resource, data="a=ice-ufrag:x", headers={**tool, **FRAGMENT})
    assert (without.status, await error_code(without)) == (428, "media.session_etag")
    stale = await web.client.patch(resource, data="a=ice-ufrag:x", headers={**tool, **FRAGMENT, "If-Match": '"0"'})
    assert (stale.status, await error_code(stale)) == (412, "media.session_stale")
    wrong = await web.client.patch(resource, data="x", headers={**tool, "Content-Type": "text/plain", "If-Match": "*"})
    assert (wrong.status, await error_code(wrong)) == (415, "request.content_type")
    for if_match in ('"1"', "1", "*"):
        done = await web.client.patch(resource, data="a=ice-ufrag:x", headers={**tool, **FRAGMENT, "If-Match": if_match})
        assert (done.status, done.content_type, done.headers["ETag"]) == (200, "application/trickle-ice-sdpfrag", '"2"')


@pytest.mark.parametrize("body", [b"\xff\xfe", "x" * 300_000])
async def test_bodies_that_cannot_be_read_leave_nothing_behind(web: Web, body: object) -> None:
    lesson = await web.lesson()
    response = await web.post("whip", lesson, web.bearer(await web.link(lesson, "master")), body=body)
    assert response.status in (400, 413)
    assert not web.worker.fake.sessions


async def test_a_body_without_a_length_is_cut_at_the_limit(web: Web) -> None:
    async def endless() -> object:
        for _ in range(40):
            yield b"x" * 10_000

    lesson = await web.lesson()
    response = await web.post("whip", lesson, web.bearer(await web.link(lesson, "master")), body=endless())
    assert (response.status, await error_code(response)) == (413, "request.too_large")


async def test_wrong_content_type_and_names(web: Web) -> None:
    lesson = await web.lesson()
    master = web.bearer(await web.link(lesson, "master"))
    typed = await web.post("whip", lesson, {**master, "Content-Type": "text/plain"})
    assert (typed.status, await error_code(typed)) == (415, "request.content_type")
    named = await web.post("whip", lesson, master, "?sources=mic,webcam,screen")
    assert (named.status, await error_code(named)) == (422, "sdp.names")
    first = await web.post("whep", lesson, master, "?source=webcam")
    assert (first.status, await error_code(first)) == (422, "sdp.names")
    viewer = await web.post("whip", lesson, web.bearer(await web.link(lesson)), "?sources=mic,camera,screen")
    assert (viewer.status, await error_code(viewer)) == (403, "forbidden")


async def test_entitlement(web: Web) -> None:
    lesson, other = await web.lesson(), await web.lesson("other")
    nobody = await web.post("whep", lesson, {})
    assert (nobody.status, await error_code(nobody)) == (401, "link.missing")
    forged = await web.post("whep", lesson, {"Authorization": "Bearer v1.e30.AAAA"})
    assert (forged.status, await error_code(forged)) == (401, "link.invalid")
    assert forged.headers["WWW-Authenticate"].startswith("Bearer")
    foreign = web.bearer(await web.link(other))
    assert (await web.post("whep", lesson, foreign)).status == 403
    unknown = await web.post("whep", "no-such-lesson", foreign)
    assert (unknown.status, await error_code(unknown)) == (404, "lesson.unknown")
    expired = await web.post("whep", lesson, web.bearer(await web.link(lesson, expires_at=1)))
    assert (expired.status, await error_code(expired)) == (401, "link.expired")


async def test_a_place_is_kept_from_others_and_taken_over_on_demand(web: Web) -> None:
    lesson = await web.lesson()
    first, second = web.bearer(await web.link(lesson, "master")), web.bearer(await web.link(lesson, "master"))
    assert (await web.post("whip", lesson, first)).status == 201
    taken = await web.post("whip", lesson, second)
    assert (taken.status, await error_code(taken)) == (409, "place.taken")
    assert (await web.post("whip", lesson, first)).status == 201
    assert (await web.post("whip", lesson, second, "?takeover=1")).status == 201


async def test_nobody_touches_another_principals_session(web: Web) -> None:
    lesson = await web.lesson()
    resource = (await web.post("whep", lesson, web.bearer(await web.link(lesson)))).headers["Location"]
    assert (await web.client.delete(resource, headers=web.bearer(await web.link(lesson)))).status == 404


async def test_a_page_posts_with_its_cookie_and_its_own_origin_only(web: Web) -> None:
    lesson = await web.lesson()
    admission = (await web.join(await web.link(lesson))).partition("?a=")[2]
    query = f"?a={admission}"
    assert (await web.post("whep", lesson, {}, query)).status == 403
    assert (await web.post("whep", lesson, {"Origin": "https://evil.example"}, query)).status == 403
    response = await web.post("whep", lesson, {"Origin": web.origin}, query)
    assert response.status == 201
    assert response.headers["Location"].endswith(query)
    assert (await web.client.delete(response.headers["Location"], headers={"Origin": web.origin})).status == 200


async def test_options_and_cors(web: Web) -> None:
    lesson = await web.lesson()
    plain = await web.client.options(f"/whip/{lesson}")
    assert (plain.status, plain.headers["Accept-Post"]) == (204, "application/sdp")
    ask = {"Origin": "https://player.example", "Access-Control-Request-Method": "PATCH"}
    preflight = await web.client.options(f"/whep/{lesson}/s1", headers=ask)
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    refused = await web.post("whep", lesson, {"Origin": "https://player.example", "Authorization": "Bearer x"})
    assert refused.status == 401
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    page = await web.client.get("/", headers={"Origin": "https://player.example"})
    assert "Access-Control-Allow-Origin" not in page.headers
    wrong = await web.client.get(f"/whip/{lesson}")
    assert wrong.status == 405
    assert set(wrong.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


async def test_posts_are_limited_per_link(web: Web) -> None:
    lesson = await web.lesson()
    busy, calm = web.bearer(await web.link(lesson)), web.bearer(await web.link(lesson))
    statuses = [(await web.post("whep", lesson, busy)).status for _ in range(65)]
    assert statuses[:60] == [201] * 60
    refused = await web.post("whep", lesson, busy)
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert (await web.post("whep", lesson, calm)).status == 201


async def test_without_a_worker_posts_are_refused(web: Web) -> None:
    lesson = await web.lesson()
    link = await web.link(lesson)
    tool = web.bearer(link)
    assert (await web.post("whep", lesson, tool)).status == 201
    await web.worker.stop()
    await web.until_media(False)
    refused = await web.post("whep", lesson, tool)
    assert (refused.status, await error_code(refused)) == (503, "media.unavailable")
    assert refused.headers["Retry-After"] == "2"
    health = await web.client.get("/healthz")
    assert (health.status, (await health.json())["media"]) == (503, False)


@pytest.fixture
def environment(tmp_path: object) -> dict[str, str]:
    return {
        "SHUANGSHI_DATA_DIR": str(tmp_path),
        "SHUANGSHI_TURN_URL": "turn:turn.example:3478,turns:turn.example:443?transport=tcp",
        "SHUANGSHI_TURN_SECRET": "s3cret",
        "SHUANGSHI_ICE_SERVERS": "stun:stun.example:3478",
    }


async def test_ice_servers_are_told_in_link_headers(web: Web) -> None:
    lesson = await web.lesson()
    links = (await web.post("whep", lesson, web.bearer(await web.link(lesson)))).headers.getall("Link")
    assert links[0] == '<stun:stun.example:3478>; rel="ice-server"'
    assert 'rel="ice-server"; username="' in links[1]
    assert 'credential-type="password"' in links[2]
    assert "s3cret" not in "".join(links)
