"""Behind a trusted proxy: the visitor's own address and scheme count; nobody else may claim them."""

from __future__ import annotations

import pytest

from tests.server.web.conftest import Web

FORWARDED = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Proto": "https", "Host": "class.example.org"}


class TestTrusted:
    @pytest.fixture
    def environment(self, tmp_path: object) -> dict[str, str]:
        return {"SHUANGSHI_DATA_DIR": str(tmp_path), "SHUANGSHI_TRUSTED_PROXIES": "127.0.0.1", "SHUANGSHI_METRICS_FROM": "203.0.113.9"}

    async def test_cookies_are_secure_and_the_origin_is_https(self, web: Web) -> None:
        lesson = await web.lesson()
        token = web.signer.link_token(await web.link(lesson))
        response = await web.client.get(f"/join/{token}", headers=FORWARDED, allow_redirects=False)
        cookie = response.headers["Set-Cookie"]
        assert "Secure" in cookie
        assert "Strict-Transport-Security" in response.headers
        sent = {**FORWARDED, "Cookie": cookie.partition(";")[0]}
        query = "?" + response.headers["Location"].partition("?")[2]
        assert (await web.post("whep", lesson, {**sent, "Origin": "https://class.example.org"}, query)).status == 201
        assert (await web.post("whep", lesson, {**sent, "Origin": "http://class.example.org"}, query)).status == 403

    async def test_the_last_untrusted_hop_is_the_visitor(self, web: Web) -> None:
        assert (await web.client.get("/metrics", headers=FORWARDED)).status == 200
        assert (await web.client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.1"})).status == 403


async def test_untrusted_headers_change_nothing(web: Web) -> None:
    token = web.signer.link_token(await web.link(await web.lesson()))
    response = await web.client.get(f"/join/{token}", headers=FORWARDED, allow_redirects=False)
    assert "Secure" not in response.headers["Set-Cookie"]
