"""Nothing newer than Chromium 109, Firefox 115 and Safari 15.6 (S26)."""

from __future__ import annotations

import re

import pytest

from tests.client_web.files import SCRIPTS, STYLES, name

TOO_NEW_JS = {
    r"\bwith\s*\{\s*type\s*:": "import attributes",
    r"AbortSignal\.(timeout|any)\b": "Safari 16",
    r"\.(toSorted|toReversed|toSpliced|findLast|findLastIndex)\(": "Chromium 110 or ES2023",
    r"\bObject\.groupBy|\bMap\.groupBy|Promise\.withResolvers|Array\.fromAsync": "ES2024",
    r"\bcrypto\.randomUUID": "needs a secure context",
    r"\.isSubsetOf\(|\.union\(|\.intersection\(|\.difference\(": "set methods",
    r"\bstatic\s*\{": "Safari 16.4",
    r"\(\?<[=!]": "look-behind, Safari 16.4",
    r"\bnavigator\.userActivation\b|\.showPopover\(|\.checkVisibility\(|startViewTransition": "newer than the floor",
    r"\b\w+\s*#\w+\s+in\s": "private in",
}
TOO_NEW_CSS = {
    r":has\(": "Firefox 121",
    r"@container\b|\bcontainer-type\b": "Safari 16",
    r"color-mix\(|\boklch\(|\blch\(|light-dark\(": "newer than the floor",
    r"(?m)^\s*&": "nesting",
    r"\bsubgrid\b|@scope\b|@starting-style|anchor-name|field-sizing|text-wrap": "newer than the floor",
    r"\(width\s*[<>]=?": "range media queries, Safari 16.4",
    r"\b\d+(dvh|svh|lvh)\b(?!.*fallback)": "Chromium 108 has it, Safari 15.4 too, but it must have a fallback",
}


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_script_is_old_enough(path):
    text = path.read_text()
    assert [why for pattern, why in TOO_NEW_JS.items() if re.search(pattern, text)] == []


@pytest.mark.parametrize("path", STYLES, ids=name)
def test_style_is_old_enough(path):
    text = path.read_text()
    assert [why for pattern, why in TOO_NEW_CSS.items() if re.search(pattern, text)] == []


def test_the_lint_sees_what_it_forbids():
    assert re.search(next(iter(TOO_NEW_JS)), 'import x from "./x.json" with { type: "json" }')
    assert re.search(next(iter(TOO_NEW_CSS)), "a:has(b) {}")


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_script_is_small(path):
    assert len(path.read_text().splitlines()) <= 300
