"""What browsers load: templates, static files, sentences. Their common hash is the build, and stands in static addresses.

A static address is `/static/BUILD/js/page.js`: modules import each other relatively, so one word in the path versions them
all and they may be kept for ever.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path

import jinja2
import msgspec

from server.web.catalogue import LANGUAGES, Catalogue, load
from server.web.filters import filters
from server.web.menu import menu_of
from server.web.modules import imported
from server.web.packed import Packed, pack

ROOT = Path(__file__).resolve().parents[2] / "client_web"
_PARTS = ("templates", "static", "locales")
_SKIPPED = frozenset({".mo", ".map"})


class Assets:
    """Templates and files of one build."""

    def __init__(self, root: Path = ROOT) -> None:
        self.static = root / "static"
        self.build = build_hash(root)
        self.catalogue = load(root / "locales")
        self.packed = Packed()
        self._locales = {lang: msgspec.json.encode(self.catalogue.sentences[lang], order="sorted") for lang in LANGUAGES}
        self._packed_locales = {lang: pack(body) for lang, body in self._locales.items()}
        self._imported: dict[str, tuple[str, ...]] = {}
        self._environments = {lang: self._environment(root / "templates", lang) for lang in LANGUAGES}

    def url(self, path: str) -> str:
        """Address of a static file."""
        return f"/static/{self.build}/{path}"

    def locale(self, lang: str) -> bytes | None:
        """The catalogue of one language for scripts, JSON; None: no such language."""
        return self._locales.get(lang)

    def packed_locale(self, lang: str) -> bytes:
        """The same, packed; raises `KeyError` for another language."""
        return self._packed_locales[lang]

    def modules(self, script: str) -> list[str]:
        """Addresses of all modules that a page's script needs, besides itself."""
        if script not in self._imported:
            self._imported[script] = imported(self.static, script)
        return [self.url(path) for path in self._imported[script]]

    def set_zone(self, zone: tzinfo) -> None:
        """The time zone that pages show times in."""
        for lang, env in self._environments.items():
            env.filters.update(filters(lang, zone))
            env.globals.update(zone=str(zone))

    def render(self, template: str, lang: str, context: Mapping[str, object]) -> str:
        """A page as HTML."""
        return self._environments[lang].get_template(template).render({**context, "unique": Unique()})

    def _environment(self, templates: Path, lang: str) -> jinja2.Environment:
        env = jinja2.Environment(
            loader=jinja2.FileSystemLoader(templates),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        install_sentences(env, self.catalogue, lang)
        env.filters.update(filters(lang, UTC))
        env.globals.update(
            build=self.build, lang=lang, languages=LANGUAGES, static=self.url, locale=self.url(f"locale/{lang}.json"), modules=self.modules
        )
        env.globals.update(menu_of=menu_of, here="", zone="UTC")
        return env


class Unique:
    """Ids of one page's elements: the word itself for the first that asks, then with a number."""

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()

    def __call__(self, word: str) -> str:
        """An id nothing else on the page has."""
        self._given[word] += 1
        return word if self._given[word] == 1 else f"{word}-{self._given[word]}"


def install_sentences(env: jinja2.Environment, catalogue: Catalogue, lang: str) -> None:
    """Give `_`, `gettext` and `{% trans %}` the sentences of one language."""

    def gettext(key: str) -> str:
        return catalogue.text(lang, key)

    def ngettext(one: str, many: str, number: int) -> str:
        return catalogue.text(lang, one if number == 1 else many)

    env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]


def build_hash(root: Path = ROOT) -> str:
    """Twelve hex digits over everything browsers load."""
    digest = hashlib.sha256()
    files = (path for part in _PARTS for path in (root / part).rglob("*"))
    for path in sorted(p for p in files if p.is_file() and p.suffix not in _SKIPPED):
        digest.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
