"""axe-core in a page: what people who cannot see, hear or click well would stumble over."""

from __future__ import annotations

import functools
from typing import Any

from playwright.async_api import Page

from tests.harness.product import ROOT

SOURCE = ROOT / "client_web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
GRAVE = ("serious", "critical")


@functools.cache
def _source() -> str:
    assert SOURCE.is_file(), "axe-core is not installed: run make node"
    return SOURCE.read_text()


async def violations(page: Page) -> list[str]:
    """Serious and critical violations of the page as it is now: rule, why, where."""
    if not await page.evaluate("typeof window.axe === 'object'"):
        await page.evaluate(_source())
    found: list[dict[str, Any]] = await page.evaluate(
        "async (tags) => (await axe.run(document, { runOnly: tags, resultTypes: ['violations'] })).violations", RULES
    )
    return [
        f"{rule['id']}: {rule['help']}: {node['target']} {node['failureSummary']}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]
