"""Every sentence in both languages, none outside the catalogue (S27)."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from server import errors
from tests.client_web.families import EVERY
from tests.client_web.files import ROOT, SCRIPTS, TEMPLATES, name

PLACE = re.compile(r"%\((\w+)\)s")
QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
CJK = re.compile(r"[\u3400-\u9fff\uff00-\uffef]")
SENTENCE = re.compile(r"^[A-Z][\w',]* \w+.*")
"""English prose in a literal: a capital, then more words."""
HELPERS = re.compile(r'(?:\bt|\bbutton)\(\s*"([\w.]+)"')
BUILT = re.compile(r"\bt\(\s*`([\w.]*)\$\{")
FAMILIES = {
    "error.": "server errors, checked by test_every_error_has_a_sentence",
    "bye.": "protocol.js FINAL",
    "phase.": "fold.js Phase",
    "cover.": "fold.js Phase without live",
    "health.": "health.js Health",
    "own.": "health.js Health",
    "device.": "devices.js DeviceProblem",
    "device.class.": "devices.js DeviceProblem",
    "slot.": "protocol.js SlotShow why",
    "check.": "sources",
    "check.no_": "sources",
    "help.": "help/events.py Word",
    "assist.tap.": "modes of the seat map",
    "question.": "talk.js Question stage",
    "quiz.type.": "quiz/choice.py QuizType",
    "quiz.key.": "quiz/choice.py QuizType",
    "quiz.aloud.": "quiz/choice.py QuizType",
    "seat.": "checkin/commands.py Status",
    "offline.reach.": "views/marks.js Reach",
    "mic.closed.": "mic/events.py By",
    "air.closed.": "mic/events.py By",
    "replay.chapter.": "domain/chapters.py Kind",
    "replay.quality.": "replay/quality.js Choice",
    "replay.missing.": "client/manifest.py Why",
    "replay.group.": "groups of a manifest",
    "record.": "fold/record.js recording",
    "record.failing.": "live/recorder.py Failing",
    "": "sources",
}
PHASES = ("scheduled", "open", "break", "ended", "archived", "cancelled")
HEALTHS = ("offline", "connecting", "deaf", "blind", "weak", "good")
FAMILY_KEYS = (
    *(f"bye.{code}" for code in ("replaced", "removed", "revoked")),
    *(f"phase.{phase}" for phase in (*PHASES, "live", "loading")),
    *(f"cover.{phase}{tail}" for phase in PHASES for tail in ("", ".words")),
    *(f"{family}.{health}" for family in ("health", "own") for health in HEALTHS),
    *(f"device.{problem}" for problem in ("insecure", "denied", "missing", "busy")),
    *(f"device.class.{problem}" for problem in ("denied", "missing", "busy")),
    *(f"slot.{why}" for why in ("empty", "waiting", "unplayable")),
    *(f"check.{key}" for key in ("no_mic", "no_camera", "mic_n", "camera_n")),
    *(f"{source}.is_{state}" for source in ("mic", "camera", "screen") for state in ("on", "off")),
    *(f"error.{code}" for code in ("network", "timeout")),
    *(f"role.{role}{tail}" for role in ("master", "classroom", "viewer", "wall") for tail in ("", ".words")),
    *(f"guide.{system}{tail}" for system in ("windows", "macos", "android", "linux", "firefox") for tail in ("", ".1", ".2", ".3")),
)


def catalogue(lang):
    """Every sentence; no key may be in two files."""
    found = {}
    for path in sorted((ROOT / "locales" / lang / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            sentences = {m.id: m.string for m in read_po(file) if m.id}
        assert not found.keys() & sentences.keys(), path.name
        found |= sentences
    return found


ZH, EN = catalogue("zh"), catalogue("en")


def tree(cls):
    yield cls
    for child in cls.__subclasses__():
        yield from tree(child)


def test_both_languages_have_the_same_keys_and_no_empty_sentence():
    assert set(ZH) == set(EN)
    assert [key for both in (ZH, EN) for key, text in both.items() if not text.strip()] == []


@pytest.mark.parametrize("key", sorted(ZH))
def test_both_languages_have_the_same_places(key):
    assert set(PLACE.findall(ZH[key])) == set(PLACE.findall(EN[key]))
    assert "%" not in PLACE.sub("", ZH[key] + EN[key])


def test_chinese_is_chinese_and_english_is_not():
    assert [key for key, text in EN.items() if CJK.search(text)] == []
    assert [key for key, text in ZH.items() if not CJK.search(text)] == ["list.comma", "guide.android"]


@pytest.mark.parametrize("code", sorted({cls.code for cls in tree(errors.AppError)}))
def test_every_error_has_a_sentence(code):
    assert f"error.{code}" in ZH


def used_in_templates():
    return {
        key
        for path in TEMPLATES
        for key in re.findall(r'_\(\s*"([\w.]+)"\s*[,)]|_\(\s*\'([\w.]+)\'\s*[,)]', path.read_text())
        for key in key
        if key
    }


def used_in_scripts():
    text = "\n".join(path.read_text() for path in SCRIPTS)
    asked = re.findall(r'(?:ask|yes|no): "([\w.]+)"', text)
    chosen = [key for call in re.findall(r"\bt\(([^()\n]*\?[^()\n]*)\)", text) for key in re.findall(r'[?:] "(\w+\.[\w.]+)"', call)]
    return {*HELPERS.findall(text), *asked, *chosen, "phase.going"}


def test_no_used_key_is_missing():
    assert sorted((used_in_templates() | used_in_scripts() | set(FAMILY_KEYS) | set(EVERY)) - set(ZH)) == []


def test_no_key_is_left_over():
    server = {f"error.{cls.code}" for cls in tree(errors.AppError)}
    assert sorted(set(ZH) - used_in_templates() - used_in_scripts() - set(FAMILY_KEYS) - set(EVERY) - server) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_keys_built_in_scripts_belong_to_a_known_family(path):
    assert [head for head in BUILT.findall(path.read_text()) if head not in FAMILIES] == []


def without_comments(text):
    return re.sub(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_no_sentence_in_a_script(path):
    literals = [a or b for a, b in QUOTED.findall(without_comments(path.read_text()))]
    assert [text for text in literals if CJK.search(text) or SENTENCE.match(text)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_no_sentence_in_a_template(path):
    text = re.sub(r"(?m)^\{% block (?:theme|body_class) %\}.*$", "", path.read_text())
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<pre>.*?</pre>|<!--.*?-->", "", text, flags=re.DOTALL)
    attributes = re.findall(r'(?:title|aria-label|alt|placeholder)="([^"]*)"', text)
    words = re.sub(r"<[^>]*>", "\n", text)
    spoken = [line for line in (*words.split("\n"), *attributes) if re.search(r"[A-Za-z]{2}", line) or CJK.search(line)]
    assert spoken == []
