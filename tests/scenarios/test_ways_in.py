"""The ways in, in real browsers: a parent with a printed slip, a teacher whose phone is lost, a login at the OIDC provider."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.harness.axe import violations
from tests.harness.browser import open_page
from tests.harness.oidc import OidcProvider
from tests.harness.product import Product
from tests.scenarios.test_school_day import login, logins

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]
PHONE = {"width": 360, "height": 740}
WORDS = "a long enough word"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def county(tmp_path_factory: pytest.TempPathFactory, oidc: OidcProvider) -> AsyncIterator[Product]:
    product = Product(tmp_path_factory.mktemp("county") / "data", oidc.settings(NAME="Cloud Login"))
    await product.start("run")
    yield product
    if product.running:
        await product.stop()


async def clean(page: Page) -> None:
    """No serious finding, no fault of the page, and it fits a phone."""
    size = page.viewport_size
    assert size
    assert await violations(page) == [], page.url
    await page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url
    await page.set_viewport_size(size)
    assert page.errors == []  # type: ignore[attr-defined]


async def test_a_parent_gets_in_with_a_slip(county: Product, browser: Browser) -> None:
    assistant = await login(county, browser, "assistant")
    await assistant.goto(f"{county.url}/orgs")
    await assistant.locator('a[href^="/classes/"]').first.click()
    await clean(assistant)
    await assistant.get_by_role("button", name="Slip for a parent").first.click()
    await clean(assistant)
    link = re.search(r"http\S+/slip/[\w.-]+", await assistant.inner_text("main"))
    assert link
    phone = await open_page(browser, link[0], **PHONE, locale="en-US")
    assert phone.url.endswith("/slip"), "the token has left the address bar"
    await clean(phone)
    await phone.locator("[name=login]").focus()
    await phone.keyboard.type("parent.one")
    await phone.keyboard.press("Tab")
    await phone.keyboard.type(WORDS)
    await phone.keyboard.press("Enter")
    await phone.wait_for_url(re.compile("/child$"))
    await clean(phone)
    again = await open_page(browser, link[0], **PHONE, locale="en-US")
    assert "link.invalid" in await again.inner_text("main")
    for page in (assistant, phone, again):
        await page.context.close()


async def test_a_lost_phone(county: Product, browser: Browser) -> None:
    teacher = await login(county, browser, "teacher2")
    await teacher.goto(f"{county.url}/self/totp")
    secret = await teacher.locator("[name=secret]").input_value()
    await teacher.locator("[name=code]").fill(pyotp.TOTP(secret).now())
    await teacher.locator("[name=password]").fill(logins(county)["teacher2"])
    await teacher.keyboard.press("Enter")
    await teacher.wait_for_selector(".codes")
    await clean(teacher)
    code = await teacher.locator(".codes .code").first.inner_text()
    await teacher.get_by_role("button", name="Log out").click()
    await teacher.locator("[name=login]").fill("teacher2")
    await teacher.locator("[name=password]").fill(logins(county)["teacher2"])
    await teacher.keyboard.press("Enter")
    await teacher.wait_for_url(re.compile("/login/code"))
    await clean(teacher)
    await teacher.keyboard.type(code)
    await teacher.keyboard.press("Enter")
    await teacher.wait_for_url(re.compile(r"/$"))
    await teacher.goto(f"{county.url}/self")
    await clean(teacher)
    await teacher.get_by_role("link", name="Recovery codes · 9").click()
    await clean(teacher)
    await teacher.context.close()


async def at_the_provider(page: Page, account: str) -> None:
    await page.wait_for_url(re.compile("/interaction/"))
    await page.locator("[name=account]").fill(account)
    await page.keyboard.press("Enter")


async def test_a_login_at_the_provider(county: Product, browser: Browser) -> None:
    """The content policy, the cookies' SameSite and the redirects of a real browser let it through."""
    teacher = await login(county, browser, "teacher")
    await teacher.goto(f"{county.url}/self")
    await teacher.get_by_role("link", name="Cloud Login").click()
    await clean(teacher)
    await teacher.get_by_role("link", name="Log in with Cloud Login").click()
    await at_the_provider(teacher, "cloud-7")
    await teacher.wait_for_url(f"{county.url}/self/oidc")
    await clean(teacher)
    await teacher.locator("[name=password]").fill(logins(county)["teacher"])
    await teacher.get_by_role("button", name="Connect it to my account").click()
    await teacher.get_by_role("button", name="Disconnect").wait_for()
    await clean(teacher)
    await teacher.get_by_role("button", name="Log out").click()
    await teacher.wait_for_url(re.compile("/login"))
    await clean(teacher)
    await teacher.get_by_role("link", name="Log in with Cloud Login").click()
    await teacher.wait_for_url(f"{county.url}/")  # the provider still knows who it is: we end our session only
    assert await teacher.locator(".next-lesson, .lessons").count()
    await teacher.context.close()


async def test_a_stranger_at_the_provider_is_told_what_to_do(county: Product, browser: Browser) -> None:
    page = await open_page(browser, f"{county.url}/login", locale="en-US")
    await page.get_by_role("link", name="Log in with Cloud Login").click()
    await at_the_provider(page, "nobody-of-ours")
    await page.wait_for_url(re.compile("/login/oidc/back"))
    assert "not connected to an account here yet" in await page.inner_text("main")
    await clean(page)
    await page.context.close()
