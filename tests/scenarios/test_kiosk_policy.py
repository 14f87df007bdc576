"""The policy that `shuangshi kiosk` writes, under a real Chromium with real prompts: our address needs none, others do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import async_playwright

from server.cli import kiosk

pytestmark = pytest.mark.scenario

ASK = """Promise.race([
    navigator.mediaDevices.getUserMedia({ video: true, audio: true }).then((s) => s.getTracks().length, (e) => e.name),
    new Promise((done) => setTimeout(() => done("asked"), 3000)),
])"""
SOUND = "(async () => { const c = new AudioContext(); await new Promise((done) => setTimeout(done, 500)); return c.state; })()"
# a file system of its own over the policy folder: nothing of this machine is changed
WRAPPER = """#!/bin/sh
exec unshare -rm sh -c 'mount -t tmpfs tmpfs /etc/chromium && mkdir -p /etc/chromium/policies/managed \\
  && cp "{policy}" /etc/chromium/policies/managed/ && exec "{browser}" "$@"' sh "$@"
"""


@pytest.fixture
async def site() -> object:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>x</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield int(runner.addresses[0][1])
    await runner.cleanup()


def wrapped(folder: Path, origin: str) -> Path:
    """Chromium under the policy for `origin`."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    assert browser, "no Chromium: run make system"
    policy = folder / "shuangshi-policy.json"
    policy.write_bytes(kiosk.files("linux", origin)["shuangshi-policy.json"])
    wrapper = folder / "chromium"
    wrapper.write_text(WRAPPER.format(policy=policy, browser=browser))
    wrapper.chmod(0o755)
    return wrapper


@pytest.mark.skipif(not Path("/etc/chromium").is_dir(), reason="a browser that reads its policies elsewhere")
async def test_our_address_opens_devices_and_sounds_without_asking(site: int, tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode != 0:
        pytest.skip("no namespaces here")
    wrapper = wrapped(tmp_path, f"http://127.0.0.1:{site}")
    async with async_playwright() as playwright:
        devices = ["--no-sandbox", "--use-fake-device-for-media-stream"]  # without `--use-fake-ui`: prompts are real
        browser = await playwright.chromium.launch(executable_path=wrapper, args=devices)
        try:
            page = await (await browser.new_context()).new_page()
            await page.goto(f"http://127.0.0.1:{site}/")
            assert await page.evaluate(ASK) == 2
            assert await page.evaluate(SOUND) == "running"
            await page.goto(f"http://localhost:{site}/")
            assert await page.evaluate(ASK) in ("NotAllowedError", "asked")
        finally:
            await browser.close()
