"""LAN mode: the plain HTTP side shows the guide and the CA, and nothing else."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from server import tls
from server.app import create_guide
from server.settings import read
from server.web.assets import Assets
from tests.server.web.conftest import Web


async def test_the_guide_and_the_certificate(tmp_path: Path, assets: Assets) -> None:
    settings = read({"SHUANGSHI_LAN": "1", "SHUANGSHI_DATA_DIR": str(tmp_path), "SHUANGSHI_HTTP_PORT": "8443"})
    secure = tls.prepare(settings, ("192.0.2.7",), dt.datetime.now(dt.UTC))
    async with TestClient(TestServer(create_guide(settings, secure, assets))) as client:
        response = await client.get("/guide", headers={"Accept": "text/html", "Host": "192.0.2.7:8081"})
        html = await response.text()
        assert response.status == 200
        assert "https://192.0.2.7:8443/" in html
        assert secure.ca_fingerprint in html
        ca = await client.get("/ca.crt")
        assert (ca.content_type, await ca.read()) == ("application/x-x509-ca-cert", secure.ca_pem)
        for address in ("/", "/teach/x", "/join/x"):
            lost = await client.get(address, allow_redirects=False)
            assert (lost.status, lost.headers["Location"]) == (303, "/guide")


async def test_without_a_local_ca_there_is_no_guide(web: Web) -> None:
    assert (await web.client.get("/guide")).status == 404
    assert (await web.client.get("/ca.crt")).status == 404
