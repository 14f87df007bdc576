"""Every cookie is kept from scripts and from other sites' requests, and under HTTPS from plain connections, with a proxy in front too."""

from __future__ import annotations

import asyncio
import re
from http.cookies import Morsel
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from sqlalchemy import update

from server.accounts.slips import Slips
from server.store import tables as t
from server.web import keys
from tests.harness.oidc import OidcProvider
from tests.server.services import PASSWORD, QUICK
from tests.server.web.conftest import Town
from tests.server.web.keeping import Keeping

ALL = {"ss_session", "ss_slip", "ss_oidc", "ss_oidc_shown", "ss_pairing", "ss_device", "ss-"}
"""`ss-ID`: an admission to a lesson."""


@pytest.fixture
def environment(environment: dict[str, str], oidc: OidcProvider) -> dict[str, str]:
    return environment | oidc.settings() | {"SHUANGSHI_TRUSTED_PROXIES": "127.0.0.1"}


class Noting(Keeping):
    """Notes every cookie that is set. `secure`: it speaks HTTPS to a proxy in front of us."""

    def __init__(self, town: Town, secure: bool, seen: dict[str, list[Morsel[str]]], who: str | None = None) -> None:
        super().__init__(town.web, town.world.cookies(who) if who else {})
        self._secure, self._seen = secure, seen

    async def _ask(self, method: str, path: str, **how: Any) -> aiohttp.ClientResponse:
        headers = how.pop("headers", {})
        if self._secure:
            headers |= {"X-Forwarded-Proto": "https", "Origin": self.web.origin.replace("http:", "https:")}
        response = await super()._ask(method, path, headers=headers, **how)
        for name, morsel in response.cookies.items():
            self._seen.setdefault("ss-" if name.startswith("ss-") else name, []).append(morsel)
        return response


async def password(town: Town, who: str) -> None:
    kept = await QUICK.hash(PASSWORD)
    await town.web.app[keys.STORE].database.execute(update(t.person).where(t.person.c.id == who).values(password_hash=kept))


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https in front"])
async def test_flags(town: Town, oidc: OidcProvider, secure: bool) -> None:
    seen: dict[str, list[Morsel[str]]] = {}

    def browser(who: str | None = None) -> Noting:
        return Noting(town, secure, seen, who)

    await password(town, "x1.teacher")
    database = town.web.app[keys.STORE].database
    someone = browser()
    assert (await someone.post("/login", {"login": "x1.teacher", "password": PASSWORD}, csrf=False)).status == 200
    assert (await someone.post("/logout")).status == 200  # taken away with the same flags, or it stays

    slips = Slips(database, town.web.app[keys.OFFICE].now)
    token = await database.write(lambda connection: slips.issue(connection, "invitation", "x1.teacher", "test"))
    invited = browser()
    assert (await invited.get(f"/slip/{token}", page=True)).status == 303
    assert (await invited.post("/slip", {"password": PASSWORD}, csrf=False)).status == 200

    teacher = browser("x2.teacher")
    address = (await teacher.get("/self/oidc/go", page=True)).headers["Location"]
    if not secure:  # the tests' provider knows our plain address only
        back = urlsplit(await asyncio.to_thread(lambda: oidc.login(address, "subject-1")))
        assert (await teacher.get(f"{back.path}?{back.query}", page=True)).headers["Location"] == "/self/oidc"

    pc = browser()
    assert (await pc.post("/pair", {"join_code": "100021"}, csrf=False)).status == 200
    shown = re.search(r"<p class=\"big-code\"[^>]*>(\w{4} \w{4})<", await (await pc.get("/pair/wait", page=True)).text())
    assert shown
    assert (await town.browser("x2.assistant").post("/rooms/x2.r1/devices", {"code": shown[1]})).status == 200
    assert (await pc.get("/pair/wait", page=True)).headers["Location"] == "/room"
    assert (await pc.get("/room", page=True)).status == 200

    link = await town.web.link(await town.web.lesson())
    assert (await browser().get(f"/join/{town.web.signer.link_token(link)}", page=True)).status == 303

    assert set(seen) == ALL - ({"ss_oidc_shown"} if secure else set())
    for name, morsels in seen.items():
        for morsel in morsels:
            assert morsel["httponly"], name
            assert morsel["samesite"] == "Lax", name
            assert bool(morsel["secure"]) is secure, name
            assert not morsel["domain"], name
