"""Logging in at a real OIDC provider, binding to it, being invited by it; and whatever may go wrong on the way."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import select, update

from server.accounts import cookies
from server.app import OIDC_PER_MINUTE
from server.store import tables as t
from server.store.people import end_assignment
from server.web import keys
from tests.harness.oidc import OidcProvider, query
from tests.server.services import PASSWORD, QUICK
from tests.server.web.conftest import Town, error_code
from tests.server.web.keeping import Keeping

SUBJECT = "teacher-248289761001"


@pytest.fixture
def environment(environment: dict[str, str], oidc: OidcProvider) -> dict[str, str]:
    return environment | oidc.settings()


def somebody(town: Town, who: str | None = None) -> Keeping:
    return Keeping(town.web, town.world.cookies(who) if who else {})


async def bound(town: Town, person: str, subject: str = SUBJECT) -> None:
    """Somebody has this identity already."""
    issuer = town.web.app[keys.SETTINGS].oidc_issuer
    row = {"issuer": issuer, "subject": subject, "person": person, "created": 1}
    await town.web.app[keys.STORE].database.execute(t.identity.insert().values(**row))


async def there(browser: Keeping, start: str = "/login/oidc") -> str:
    """Leave for the provider; where the browser is sent."""
    response = await browser.get(start, page=True)
    assert response.status == 303, await response.text()
    return response.headers["Location"]


async def visit(browser: Keeping, oidc: OidcProvider, subject: str = SUBJECT, start: str = "/login/oidc", **how: str) -> str:
    """Leave, log in there; the address one is sent back to."""
    address = await there(browser, start)
    return await asyncio.to_thread(lambda: oidc.login(address, subject, **how))


async def refused(browser: Keeping, address: str) -> str:
    """The code of the refusal, which the page shows too; nobody is logged in."""
    before = dict(browser.cookies)
    response = await browser.back(address)
    page = await response.text()
    assert response.status in (401, 403, 409, 503), page
    assert browser.cookies.get(cookies.SESSION) == before.get(cookies.SESSION)
    assert 'href="/"' in page
    return re.search(r"· ([\w.]+)</p>", page)[1]  # type: ignore[index]


async def acts(town: Town) -> list[str]:
    rows = await town.web.app[keys.STORE].database.read(select(t.audit.c.act).order_by(t.audit.c.seq))
    return [row.act for row in rows]


async def test_the_login_page_offers_it_and_a_teacher_gets_in(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town)
    page = await (await browser.get("/login?next=/timetable", page=True)).text()
    assert "用云溪统一认证登录" in page
    address = await there(browser, "/login/oidc?next=/timetable")
    asked = query(address)
    assert asked["scope"] == "openid"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{town.web.origin}/login/oidc/back"
    response = await browser.back(await asyncio.to_thread(lambda: oidc.login(address, SUBJECT)))
    assert (response.status, response.headers["Location"]) == (303, "/timetable")
    own = await (await browser.get("/self", page=True)).text()
    assert "姓名x1.teacher" in own
    assert "ss_oidc" not in browser.cookies
    assert await acts(town) == []


async def test_the_old_session_ends_with_the_new_login(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town, "x2.teacher")
    old = browser.cookies[cookies.SESSION]
    assert (await browser.back(await visit(browser, oidc))).status == 303
    assert browser.cookies[cookies.SESSION] != old
    browser.cookies[cookies.SESSION] = old
    assert (await browser.get("/self", page=True)).status == 303


async def test_a_second_factor_counts_only_if_the_provider_says_so(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.admin")
    browser = somebody(town)
    assert (await browser.back(await visit(browser, oidc, amr="pwd"))).status == 303
    response = await browser.get("/orgs", page=True)
    assert (response.status, response.headers["Location"]) == (303, "/self/totp")
    browser = somebody(town)
    assert (await browser.back(await visit(browser, oidc, amr="pwd otp mfa"))).status == 303
    assert (await browser.get("/orgs/x1", page=True)).status == 200


async def test_who_has_a_second_factor_of_our_own_is_asked_for_it(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    await town.web.app[keys.STORE].database.execute(update(t.person).where(t.person.c.id == "x1.teacher").values(totp="somewhere"))
    browser = somebody(town)
    response = await browser.back(await visit(browser, oidc, start="/login/oidc?next=/timetable"))
    assert response.headers["Location"] == "/login/code?next=%2Ftimetable"
    assert (await browser.get("/timetable", page=True)).headers["Location"] == "/login/code"


async def test_another_state_is_refused(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town)
    address = await visit(browser, oidc)
    wrong = address.replace(query(address)["state"], "another")
    assert await refused(browser, wrong) == "oidc.refused"
    assert (await browser.back(address)).status == 303


async def test_an_answer_counts_only_in_the_browser_that_asked(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    address = await visit(somebody(town), oidc)
    assert await refused(somebody(town), address) == "oidc.refused"
    other = somebody(town)
    await there(other)
    assert await refused(other, address) == "oidc.refused"


async def test_an_answer_counts_once(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town)
    address = await visit(browser, oidc)
    kept = dict(browser.cookies)
    assert (await browser.back(address)).status == 303
    browser.cookies.update(kept)
    assert await refused(browser, address) == "oidc.refused"


async def test_two_at_once_with_the_same_answer_are_one(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town)
    address = await visit(browser, oidc)
    twins = [Keeping(town.web, dict(browser.cookies)) for _ in range(4)]
    found = await asyncio.gather(*(twin.back(address) for twin in twins))
    assert sorted(response.status for response in found) == [303, 401, 401, 401]


async def test_a_stolen_code_is_worth_nothing_in_another_way(town: Town, oidc: OidcProvider) -> None:
    """The thief has a state of their own; the code was made for another challenge (PKCE), used or not."""
    await bound(town, "x1.teacher")
    stolen = query(await visit(somebody(town), oidc))["code"]
    thief = somebody(town)
    own = query(await there(thief))["state"]
    address = f"{town.web.origin}/login/oidc/back?" + urlencode({"state": own, "code": stolen})
    assert await refused(thief, address) == "oidc.refused"


async def test_another_nonce_is_refused(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town)
    address = await there(browser)
    changed = address.replace(query(address)["nonce"], "of-another-login")
    assert await refused(browser, await asyncio.to_thread(lambda: oidc.login(changed, SUBJECT))) == "oidc.refused"


async def test_another_issuer_in_the_answer_is_refused(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town)
    address = await visit(browser, oidc)
    assert query(address)["iss"] == oidc.issuer
    asked = query(address) | {"iss": "https://elsewhere.example"}
    assert await refused(browser, f"{town.web.origin}/login/oidc/back?{urlencode(asked)}") == "oidc.refused"


async def test_walking_away_is_no_login(town: Town, oidc: OidcProvider) -> None:
    browser = somebody(town)
    address = await there(browser)
    assert await refused(browser, await asyncio.to_thread(lambda: oidc.login(address, SUBJECT, abort=True))) == "oidc.refused"


async def test_an_old_way_leads_nowhere(town: Town, oidc: OidcProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town)
    address = await visit(browser, oidc)
    now = town.web.app[keys.OFFICE].now() + 11 * 60_000
    monkeypatch.setattr(town.web.app[keys.OFFICE], "now", lambda: now)
    assert await refused(browser, address) == "oidc.refused"


async def test_nobody_is_made_or_found_by_name(town: Town, oidc: OidcProvider) -> None:
    people = town.web.app[keys.STORE].database
    before = len(await people.read(select(t.person.c.id)))
    browser = somebody(town)
    assert await refused(browser, await visit(browser, oidc, "x1.teacher")) == "oidc.unknown"
    assert len(await people.read(select(t.person.c.id))) == before


async def test_a_shut_account_stays_shut(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    await town.web.app[keys.STORE].database.execute(update(t.person).where(t.person.c.id == "x1.teacher").values(disabled_at=1))
    browser = somebody(town)
    assert await refused(browser, await visit(browser, oidc)) == "oidc.unknown"


async def test_somebody_without_roles_gets_in_and_sees_nothing(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    await town.web.app[keys.STORE].database.write(lambda c: end_assignment(c, "a.x1.teacher", 1))
    browser = somebody(town)
    assert (await browser.back(await visit(browser, oidc))).status == 303
    assert (await browser.get("/orgs/x1", page=True)).status == 404


async def test_a_provider_that_is_down_is_said_to_be(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town)
    with oidc.down():
        answer = await browser.get("/login/oidc", page=True)
        assert answer.status == 503
        assert "统一身份认证现在没有回应" in await answer.text()
        assert await error_code(await browser.get("/login/oidc")) == "oidc.unavailable"
    address = await visit(browser, oidc)
    with oidc.down():
        assert await refused(browser, address) == "oidc.unavailable"
    assert (await browser.back(await visit(browser, oidc))).status == 303


async def test_new_keys_are_fetched_when_they_are_needed(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town)
    assert (await browser.back(await visit(browser, oidc))).status == 303
    with oidc.down():
        pass
    assert (await browser.back(await visit(browser, oidc))).status == 303


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/%0d%0aX: y"])
async def test_it_leads_only_to_our_own_pages(town: Town, oidc: OidcProvider, wanted: str) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town)
    response = await browser.back(await visit(browser, oidc, start="/login/oidc?" + urlencode({"next": wanted})))
    where = urlsplit(response.headers["Location"])
    assert (where.scheme, where.netloc) == ("", "")
    assert where.path.startswith("/")
    assert not where.path.startswith(("//", "/\\"))


@pytest.mark.parametrize("cookie", ["", "AAAA", "A" * 4000, "字", "eyJzdGF0ZSI6IiJ9"])
async def test_cookies_of_others_are_nothing(town: Town, cookie: str) -> None:
    browser = somebody(town)
    browser.cookies["ss_oidc"] = cookie.encode("ascii", "ignore").decode()
    assert await refused(browser, f"{town.web.origin}/login/oidc/back?state=&code=1") == "oidc.refused"


async def test_ways_from_one_address_are_counted(town: Town) -> None:
    browser = somebody(town)
    now = time.monotonic_ns() + 60 * 10**9
    for _ in range(OIDC_PER_MINUTE):
        town.web.app[keys.OIDC_BY_ADDRESS].take("127.0.0.1", now)
    assert (await browser.get("/login/oidc", page=True)).status == 429
    assert (await browser.get("/login/oidc/back?state=a&code=b", page=True)).status == 429


# --- binding -----------------------------------------------------------------------------------------------------------


async def test_a_teacher_binds_uses_and_ends_it(town: Town, oidc: OidcProvider) -> None:
    kept = await QUICK.hash(PASSWORD)
    await town.web.app[keys.STORE].database.execute(update(t.person).where(t.person.c.id == "x1.teacher").values(password_hash=kept))
    browser = somebody(town, "x1.teacher")
    assert "/self/oidc" in await (await browser.get("/self", page=True)).text()
    assert "/self/oidc/go" in await (await browser.get("/self/oidc", page=True)).text()
    response = await browser.back(await visit(browser, oidc, start="/self/oidc/go"))
    assert (response.status, response.headers["Location"]) == (303, "/self/oidc")
    page = await (await browser.get("/self/oidc", page=True)).text()
    assert SUBJECT in page
    assert 'name="password"' in page
    assert await acts(town) == []  # only a button binds
    assert (await browser.post("/self/oidc", {"password": PASSWORD}, csrf=False)).status == 403
    for form in ({}, {"password": "wrong"}):
        answer = await browser.post("/self/oidc", form)
        assert (answer.status, set((await answer.json())["error"]["fields"])) == (422, {"password"})
    again = await browser.post("/self/oidc", {"password": "wrong"}, page=True)
    assert SUBJECT in await again.text()
    assert await acts(town) == []
    assert (await browser.post("/self/oidc", {"password": PASSWORD})).status == 200
    other = somebody(town)
    assert (await other.back(await visit(other, oidc))).status == 303
    assert (await browser.post("/self/oidc/end")).status == 200
    assert await refused(other, await visit(other, oidc)) == "oidc.unknown"
    assert await acts(town) == ["self.oidc", "self.oidc_end"]


async def test_what_was_shown_counts_for_that_session_only(town: Town, oidc: OidcProvider) -> None:
    browser = somebody(town, "x1.teacher")
    await browser.back(await visit(browser, oidc, start="/self/oidc/go"))
    other = Keeping(town.web, {**browser.cookies, **town.world.cookies("x2.teacher")})
    assert SUBJECT not in await (await other.get("/self/oidc", page=True)).text()
    assert await error_code(await other.post("/self/oidc")) == "oidc.refused"
    assert (await browser.post("/self/oidc")).status == 200


async def test_somebody_elses_identity_is_not_bound_again(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town, "x2.teacher")
    assert await refused(browser, await visit(browser, oidc, start="/self/oidc/go")) == "oidc.taken"


async def test_two_who_bind_the_same_at_once_are_one(town: Town, oidc: OidcProvider) -> None:
    browsers = [somebody(town, who) for who in ("x1.teacher", "x2.teacher")]
    for browser in browsers:
        await browser.back(await visit(browser, oidc, start="/self/oidc/go"))
    found = await asyncio.gather(*(browser.post("/self/oidc") for browser in browsers))
    assert sorted(response.status for response in found) == [200, 409]


async def test_the_only_way_in_stays(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town, "x1.teacher")
    assert "/self/oidc/end" not in await (await browser.get("/self/oidc", page=True)).text()
    assert (await browser.post("/self/oidc/end")).status == 403


async def test_an_admin_ends_it_for_somebody(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x1.teacher")
    browser = somebody(town)
    await browser.back(await visit(browser, oidc))
    admin = town.browser("x1.admin")
    assert "解除统一身份认证" in await (await admin.get("/people/x1.teacher", page=True)).text()
    assert (await town.browser("y.admin").post("/people/x1.teacher/reset", {"what": "oidc"})).status == 404
    assert (await admin.post("/people/x1.teacher/reset", {"what": "oidc"})).status == 200
    assert (await browser.get("/self", page=True)).status == 303
    assert await refused(browser, await visit(browser, oidc)) == "oidc.unknown"


# --- an invitation -----------------------------------------------------------------------------------------------------


async def invited(town: Town) -> tuple[str, Keeping]:
    admin = town.browser("x1.admin")
    new = (await (await admin.post("/people", {"name": "王芳", "org": "x1", "role": "teacher"})).json())["id"]
    page = await (await admin.post(f"/people/{new}/invite", {"kind": "invitation"}, page=True)).text()
    token = re.search(r"/slip/([\w.-]+)", page)[1]  # type: ignore[index]
    guest = somebody(town)
    assert (await guest.get(f"/slip/{token}", page=True)).status == 303
    return new, guest


async def test_an_invitation_is_taken_with_an_identity(town: Town, oidc: OidcProvider) -> None:
    _, guest = await invited(town)
    assert 'href="/slip/oidc"' in await (await guest.get("/slip", page=True)).text()
    response = await guest.back(await visit(guest, oidc, start="/slip/oidc"))
    assert (response.status, response.headers["Location"]) == (303, "/slip")
    assert SUBJECT in await (await guest.get("/slip", page=True)).text()
    assert (await guest.post("/slip/oidc", csrf=False)).status == 200
    assert "王芳" in await (await guest.get("/self", page=True)).text()
    again = somebody(town)
    await again.back(await visit(again, oidc))
    assert "王芳" in await (await again.get("/self", page=True)).text()
    assert (await acts(town))[-1] == "slip.invitation"


async def test_an_invitation_is_taken_once(town: Town, oidc: OidcProvider) -> None:
    _, guest = await invited(town)
    await guest.back(await visit(guest, oidc, start="/slip/oidc"))
    twins = [Keeping(town.web, dict(guest.cookies)) for _ in range(2)]
    found = await asyncio.gather(*(twin.post("/slip/oidc", csrf=False) for twin in twins))
    assert sorted(response.status for response in found) in ([200, 401], [200, 409])


async def test_an_identity_shown_for_one_paper_is_not_for_another(town: Town, oidc: OidcProvider) -> None:
    _, first = await invited(town)
    await first.back(await visit(first, oidc, start="/slip/oidc"))
    _, second = await invited(town)
    second.cookies["ss_oidc_shown"] = first.cookies["ss_oidc_shown"]
    assert await error_code(await second.post("/slip/oidc", csrf=False)) == "oidc.refused"


async def test_who_has_the_identity_already_is_not_invited_with_it(town: Town, oidc: OidcProvider) -> None:
    await bound(town, "x2.teacher")
    _, guest = await invited(town)
    assert await refused(guest, await visit(guest, oidc, start="/slip/oidc")) == "oidc.taken"


# --- without and with other settings -----------------------------------------------------------------------------------


class TestWithout:
    """No provider is set."""

    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in environment.items() if "OIDC" not in name}

    @pytest.mark.parametrize("path", ["/login/oidc", "/login/oidc/back?state=a&code=b", "/self/oidc", "/self/oidc/go"])
    async def test_there_is_nothing(self, town: Town, path: str) -> None:
        browser = somebody(town, "x1.teacher")
        assert (await browser.get(path, page=True)).status == 404
        assert "oidc" not in await (await somebody(town).get("/login", page=True)).text()
        assert "oidc" not in await (await browser.get("/self", page=True)).text()


class TestElliptic:
    """A client whose tokens are signed with an elliptic curve; `acr` tells of two factors."""

    @pytest.fixture
    def environment(self, environment: dict[str, str], oidc: OidcProvider) -> dict[str, str]:
        return environment | oidc.settings(CLIENT_ID="elliptic", ACR="urn:school:two urn:school:three")

    async def test_it_is_believed(self, town: Town, oidc: OidcProvider) -> None:
        await bound(town, "x1.admin")
        browser = somebody(town)
        address = await there(browser)
        assert query(address)["acr_values"] == "urn:school:two urn:school:three"
        assert (await browser.back(await asyncio.to_thread(lambda: oidc.login(address, SUBJECT, acr="urn:school:two")))).status == 303
        assert (await browser.get("/orgs/x1", page=True)).status == 200


class TestSymmetric:
    """A provider that signs with our own secret is not believed."""

    @pytest.fixture
    def environment(self, environment: dict[str, str], oidc: OidcProvider) -> dict[str, str]:
        return environment | oidc.settings(CLIENT_ID="symmetric")

    async def test_it_is_refused(self, town: Town, oidc: OidcProvider) -> None:
        await bound(town, "x1.teacher")
        browser = somebody(town)
        assert await refused(browser, await visit(browser, oidc)) == "oidc.refused"


class TestMistaken:
    """Our secret is not the provider's."""

    @pytest.fixture
    def environment(self, environment: dict[str, str], oidc: OidcProvider) -> dict[str, str]:
        return environment | oidc.settings(CLIENT_SECRET="of somebody else")

    async def test_it_is_our_fault(self, town: Town, oidc: OidcProvider) -> None:
        await bound(town, "x1.teacher")
        browser = somebody(town)
        assert await refused(browser, await visit(browser, oidc)) == "oidc.unavailable"


class TestByForm:
    """A provider that takes client secrets in forms only."""

    @pytest.fixture
    def by_form(self) -> Iterator[OidcProvider]:
        provider = OidcProvider(by_form=True)
        yield provider
        provider.stop()

    @pytest.fixture
    def environment(self, environment: dict[str, str], by_form: OidcProvider) -> dict[str, str]:
        return environment | by_form.settings()

    async def test_it_gets_one(self, town: Town, by_form: OidcProvider) -> None:
        await bound(town, "x1.teacher")
        browser = somebody(town)
        assert (await browser.back(await visit(browser, by_form))).status == 303
