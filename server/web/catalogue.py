"""Sentences: one Babel catalogue for templates, errors and scripts, read from the `.po` files when the process starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import read_po

from server.errors import AppError, Invalid

LANGUAGES = ("zh", "en")
PO = "LC_MESSAGES"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Language → key → sentence with `%(name)s` places."""

    sentences: Mapping[str, Mapping[str, str]]

    def text(self, lang: str, key: str) -> str:
        """The sentence; the key itself where there is none, so that a gap is seen and harms nothing."""
        return self.sentences[lang].get(key, key)

    def formatted(self, lang: str, key: str, params: Mapping[str, object]) -> str:
        """The sentence with its places filled; places without a value stay empty."""
        return self.text(lang, key) % _Filled(params)

    def explain(self, code: str, params: Mapping[str, object]) -> dict[str, str]:
        """What an error says, in each language."""
        return {lang: self.formatted(lang, f"error.{code}", params) for lang in LANGUAGES}


class _Filled(dict[str, object]):
    def __missing__(self, _: str) -> str:
        return ""


def load(locales: Path) -> Catalogue:
    """Read `LOCALES/{zh,en}/LC_MESSAGES/*.po`, a file for each part of the product. Raises `OSError`."""
    return Catalogue({lang: _read(locales / lang / PO, lang) for lang in LANGUAGES})


def _read(folder: Path, lang: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=lang)
        found.update({m.id: m.string for m in catalog if isinstance(m.id, str) and isinstance(m.string, str) and m.id and m.string})
    return found


def error_body(catalogue: Catalogue, error: AppError) -> dict[str, object]:
    """The one error shape of HTTP and sockets (docs/protocol.md)."""
    body = {"code": error.code, "params": error.params, "message": catalogue.explain(error.code, error.params)}
    if isinstance(error, Invalid):
        body["fields"] = {name: {"code": code, "message": _field_words(catalogue, code)} for name, code in error.fields.items()}
    return {"error": body}


def _field_words(catalogue: Catalogue, code: str) -> dict[str, str]:
    return {lang: catalogue.text(lang, f"field.{code}") for lang in LANGUAGES}


def preferred(accept_language: str, default: str) -> str:
    """The first of our languages in an Accept-Language header (RFC 9110 section 12.5.4), by its q values."""
    ranked = []
    for place, part in enumerate(accept_language[:500].split(",")):
        tag, _, rest = part.strip().partition(";")
        ranked.append((-_quality(rest), place, tag[:2].lower()))
    return next((tag for q, _, tag in sorted(ranked) if tag in LANGUAGES and q < 0), default)


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
