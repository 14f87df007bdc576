"""Sentences: every code has one, both languages have the same keys and places."""

from __future__ import annotations

import re

import pytest

from server.errors import BY_CODE
from server.web.assets import Assets
from server.web.catalogue import LANGUAGES, Catalogue, preferred


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_error_has_a_sentence(assets: Assets, lang: str) -> None:
    assert not [code for code in BY_CODE if f"error.{code}" not in assets.catalogue.sentences[lang]]


def test_languages_have_the_same_keys_and_places(assets: Assets) -> None:
    zh, en = (assets.catalogue.sentences[lang] for lang in ("zh", "en"))
    assert zh.keys() == en.keys()
    places = re.compile(r"%\((\w+)\)s")
    assert not [key for key in zh if set(places.findall(zh[key])) != set(places.findall(en[key]))]
    assert not [key for key in zh if re.search(r"%(?!\(\w+\)s)", zh[key] + en[key])]


def test_missing_values_leave_a_gap_and_unknown_keys_show() -> None:
    catalogue = Catalogue({"zh": {"a": "有 %(n)s 间"}, "en": {}})
    assert catalogue.formatted("zh", "a", {"n": 3}) == "有 3 间"
    assert catalogue.formatted("zh", "a", {}) == "有  间"
    assert catalogue.text("en", "a") == "a"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("fr, zh;q=0.3, en;q=0.4", "en"),
        ("de", "zh"),
        ("en;q=0", "zh"),
        ("en;q=nonsense", "zh"),
        ("EN", "en"),
        (",;,q=;" * 100, "zh"),
    ],
)
def test_preferred_language(header: str, expected: str) -> None:
    assert preferred(header, "zh") == expected
