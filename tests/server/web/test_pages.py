"""Joining by link, the pages, home, static files, health, headers."""

from __future__ import annotations

import asyncio
import json
import re
import time
from http.cookies import SimpleCookie

import pytest
from structlog.testing import capture_logs

from server.accounts import demo
from server.web import keys
from tests.server.web.conftest import Web, error_code

BROWSER = {"Accept": "text/html"}
ROLES = [("master", "teach"), ("classroom", "class"), ("viewer", "watch"), ("wall", "wall")]


def boot(html: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="boot">(.*?)</script>', html, re.S)
    assert found
    return dict(json.loads(found[1]))


@pytest.mark.parametrize(("role", "path"), ROLES)
async def test_a_link_becomes_a_cookie_and_a_page(web: Web, role: str, path: str) -> None:
    lesson = await web.lesson()
    link = await web.link(lesson, role, "石桥村小学")
    address = await web.join(link)
    assert address.startswith(f"/{path}/{lesson}?a=")
    assert web.signer.link_token(link) not in address
    response = await web.client.get(address, headers=BROWSER)
    html = await response.text()
    assert response.status == 200, html
    page = boot(html)
    assert page["you"] == {"participant": link.participant, "role": role, "name": "石桥村小学", "seat": 0}
    assert page["admission"] == address.partition("?a=")[2]
    assert page["build"] == web.app[keys.ASSETS].build


async def test_the_cookie_is_for_the_server_alone(web: Web) -> None:
    token = web.signer.link_token(await web.link(await web.lesson()))
    response = await web.client.get(f"/join/{token}", allow_redirects=False)
    (morsel,) = SimpleCookie(response.headers["Set-Cookie"]).values()
    assert morsel["httponly"]
    assert morsel["samesite"] == "Lax"
    assert not morsel["secure"]
    assert response.headers["Referrer-Policy"] == "same-origin"


async def test_one_browser_holds_several_admissions_and_each_page_keeps_its_own(web: Web) -> None:
    lesson = await web.lesson()
    teach, room = await web.join(await web.link(lesson, "master")), await web.join(await web.link(lesson, "classroom", "A"))
    other = await web.join(await web.link(lesson, "classroom", "B"))
    names = [boot(await (await web.client.get(address)).text())["you"] for address in (teach, room, other)]
    assert [name["name"] for name in names][1:] == ["A", "B"]  # type: ignore[index]
    assert names[0]["role"] == "master"  # type: ignore[index]


async def test_the_same_link_twice_is_one_admission_also_after_its_expiry(web: Web) -> None:
    lesson = await web.lesson()
    soon = int(time.time() * 1000) + 60_000
    link = await web.link(lesson, "classroom", "A", soon)
    first = await web.join(link)
    web.app[keys.DOOR]._now = lambda: soon + 1
    assert await web.join(link) == first
    assert (await web.client.get(first)).status == 200
    web.client.session.cookie_jar.clear()
    late = await web.client.get(f"/join/{web.signer.link_token(link)}")
    assert (late.status, await error_code(late)) == (401, "link.expired")


async def test_a_page_without_its_admission_finds_the_newest_of_its_role(web: Web) -> None:
    lesson = await web.lesson()
    address = await web.join(await web.link(lesson, "classroom", "A"))
    await web.join(await web.link(lesson, "master"))
    response = await web.client.get(f"/class/{lesson}", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, address)


async def test_pages_of_another_role_or_nobody(web: Web) -> None:
    lesson = await web.lesson()
    address = await web.join(await web.link(lesson))
    assert (await web.client.get(address.replace("/watch/", "/teach/"))).status == 403
    web.client.session.cookie_jar.clear()
    stranger = await web.client.get(f"/teach/{lesson}")
    assert (stranger.status, await error_code(stranger)) == (401, "login.needed")


async def test_a_revoked_link_opens_nothing(web: Web) -> None:
    lesson = await web.lesson()
    link = await web.link(lesson)
    address = await web.join(link)
    await web.app[keys.LESSONS].revoke(link.id)
    assert (await web.client.get(address)).status == 401
    again = await web.client.get(f"/join/{web.signer.link_token(link)}")
    assert (again.status, await error_code(again)) == (401, "link.invalid")


async def test_browsers_get_errors_as_pages_in_their_language(web: Web) -> None:
    for lang, tag in (("zh-CN,zh;q=0.9", "zh-CN"), ("en;q=0.5, fr", "en")):
        response = await web.client.get("/join/nonsense", headers={**BROWSER, "Accept-Language": lang})
        html = await response.text()
        assert response.status == 401
        assert f'lang="{tag}"' in html
        assert "link.invalid" in html


async def test_home_shows_demo_links_only_to_this_machine(web: Web) -> None:
    lesson = await web.lesson(demo.LESSON)
    for role, name in demo.VISITORS:
        await web.link(lesson, role, name)
    await web.link(lesson, "master", demo.SYNTHETIC_MASTER)
    html = await (await web.client.get("/", headers=BROWSER)).text()
    assert html.count("/join/v1.") == len(demo.VISITORS)
    assert demo.SYNTHETIC_MASTER not in html
    for foreign in ({"Host": "class.example.org"}, {"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}):
        other = await web.client.get("/", headers={**BROWSER, **foreign})
        assert other.status == 200
        assert "/join/" not in await other.text()
    assert "/join/" not in await raw(web, "GET / HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n")


async def raw(web: Web, request: str) -> str:
    """What comes back for a request written by hand; here as nginx passes it on without settings of its own."""
    reader, writer = await asyncio.open_connection(web.client.host, web.client.port)
    writer.write(request.encode())
    answer = (await reader.read()).decode()
    writer.close()
    assert answer.startswith("HTTP/1.0 200"), answer[:200]
    return answer


async def test_a_master_without_a_name_is_not_called_like_the_lesson(web: Web) -> None:
    lesson = await web.lesson("分数的认识")
    address = await web.join(await web.link(lesson, "master"))
    assert boot(await (await web.client.get(address)).text())["you"] == {"participant": "master", "role": "master", "name": "", "seat": 0}


async def test_only_refusals_are_worth_a_line(web: Web) -> None:
    token = web.signer.link_token(await web.link(await web.lesson()))
    with capture_logs() as lines:
        await web.client.get(f"/join/{token}", allow_redirects=False)
        await web.client.get(f"/join/{token[:-1]}")
        await web.client.get("/nowhere/" + token)
    levels = {(line["route"], line["status"]): line["log_level"] for line in lines if line["event"] == "answered"}
    assert levels == {("/join/{token}", 303): "debug", ("/join/{token}", 401): "info", ("unknown", 404): "info"}
    assert token[:-1] not in str(lines)


async def test_static_files_are_kept_for_ever_under_the_build(web: Web) -> None:
    build = web.app[keys.ASSETS].build
    fixed = await web.client.get(f"/static/{build}/js/boot.js")
    assert (fixed.status, fixed.content_type) == (200, "text/javascript")
    assert "immutable" in fixed.headers["Cache-Control"]
    for address in ("/static/js/boot.js", f"/static/{'0' * 12}/js/boot.js"):
        loose = await web.client.get(address)
        assert (loose.status, loose.headers["Cache-Control"]) == (200, "public, no-cache")
    for lang in ("zh", "en"):
        assert (await (await web.client.get(f"/static/locale/{lang}.json")).json())["app.name"]
    long, zero = "/static/" + "a" * 300, "/static/a%00b"
    for bad in ("/static/locale/fr.json", "/static/..%2f..%2fpyproject.toml", "/static/js", "/static/none.js", long, zero):
        assert (await web.client.get(bad)).status == 404


async def test_health_and_metrics(web: Web) -> None:
    health = await web.client.get("/healthz")
    assert (health.status, (await health.json())["status"]) == (200, "ok")
    await web.client.get("/nowhere")
    text = await (await web.client.get("/metrics")).text()
    assert "shuangshi_worker_fanout_sent 7.0" in text
    assert 'shuangshi_refusals_total{code="request.path"} 1.0' in text
    assert (await web.client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})).status == 403


async def test_security_headers(web: Web) -> None:
    response = await web.client.get("/", headers=BROWSER)
    policy = response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["Server"] == "shuangshi"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "camera=(self)" in response.headers["Permissions-Policy"]
    html = await response.text()
    assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))", html)
    assert " style=" not in html


async def test_an_unplanned_failure_is_one_of_ours_and_says_nothing(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: str) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(web.app[keys.LESSONS], "link", broken)
    response = await web.client.get(f"/join/{web.signer.link_token(await web.link(await web.lesson()))}")
    assert response.status == 500
    assert await error_code(response) == "internal"
    assert "secret detail" not in await response.text()
