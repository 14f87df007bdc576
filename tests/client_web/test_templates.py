"""Every page renders in both languages, keeps the content policy, and gives its script every element it asks for."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from server.web.assets import Assets
from tests.client_web.files import ROOT

ASSETS = Assets(ROOT)
PARTICIPANT = {"master": "master", "classroom": "c1", "viewer": None, "wall": None}
EVIL = "</script><img src=x onerror=alert(1)>"
LINKS = [{"role": role, "name": "", "page": f"/join/{role}"} for role in PARTICIPANT]


def live(role):
    you = {"participant": PARTICIPANT[role], "role": role, "name": EVIL}
    return {
        "lesson": {"id": "L", "name": EVIL},
        "you": you,
        "admission": "a1",
        "home": "",
        "holder": "",
        "by_hand": False,
        "ahead": ["/courseware/L/v1/1/preview?a=a1"],
        "csrf_live": "",
        "media": {"ice_servers": [{"urls": ["stun:x"]}]},
    }


PAGES = {
    "teach": live("master"),
    "class": live("classroom"),
    "watch": live("viewer"),
    "wall": live("wall"),
    "home": {"links": LINKS},
    "message": {"code": "link.expired", "message": EVIL, "status": 401, "params": {}},
    "guide": {"ca": "/ca.crt", "fingerprint": "AA:BB", "home": "https://h/"},
}
LIVE = ("teach", "class", "watch", "wall")
WATCHES = {"class": ("class", "screen"), "watch": ("watch", "screen"), "wall": ("wall",), "teach": ("teach",)}


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.data, self.script = [], {}, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.script = dict(attrs).get("id") if tag == "script" else None

    def handle_data(self, data):
        if self.script:
            self.data[self.script] = self.data.get(self.script, "") + data

    def handle_endtag(self, tag):
        self.script = None


def files(address):
    """Of a static address: several style sheets may be asked for at once."""
    path = address.split("/", 3)[3].split("#")[0]
    if "+" not in path:
        return [ROOT / "static" / path]
    return [ROOT / "static/css" / f"{name}.css" for name in path.removeprefix("css/").removesuffix(".css").split("+")]


def render(name, lang="zh"):
    return Page(ASSETS.render(f"{name}.html", lang, {"demo_data": True, **PAGES[name]}))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_page_keeps_the_policy_and_names_files_that_exist(name, lang):
    page = render(name, lang)
    html = next(a for t, a in page.tags if t == "html")
    assert html["lang"] == {"zh": "zh-CN", "en": "en"}[lang]
    for tag, attrs in page.tags:
        assert "style" not in attrs
        assert tag != "style"
        assert not [key for key in attrs if key.startswith("on")]
        assert tag != "script" or "src" in attrs or attrs["type"] == "application/json"
        for address in (attrs.get("src", ""), attrs.get("href", "")):
            if address.startswith("/static/"):
                assert all(path.is_file() or path.parent.name == "locale" for path in files(address)), address


@pytest.mark.parametrize("name", PAGES)
def test_a_hostile_name_is_text(name):
    assert not [attrs for tag, attrs in render(name).tags if "onerror" in attrs or attrs.get("src") == "x"]


@pytest.mark.parametrize("name", LIVE)
def test_boot_data_is_what_the_script_reads(name):
    boot = json.loads(render(name).data["boot"])
    described = re.findall(r"@property \{.*\} (\w+)", (ROOT / "static/js/boot.js").read_text())
    assert set(boot) == set(described)
    assert boot["lesson"]["name"] == EVIL
    assert boot["iceServers"] == [{"urls": ["stun:x"]}]


@pytest.mark.parametrize("name", LIVE)
def test_every_element_a_script_asks_for_is_there(name):
    ids = {attrs["id"] for _, attrs in render(name).tags if "id" in attrs}
    scripts = [ROOT / "static/js/pages" / f"{script}.js" for script in (*WATCHES[name], "shell")]
    views = {"teach": ("check", "console")}.get(name, ())
    scripts += [ROOT / "static/js/views" / f"{view}.js" for view in views]
    asked = {key for path in scripts for key in re.findall(r'byId\("([\w-]+)"\)', path.read_text())}
    assert asked - ids == set()


def test_icons_asked_for_exist():
    sheet = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/icons.svg").read_text()))
    asked = {key for path in (ROOT / "templates").rglob("*.html") for key in re.findall(r'icon\("([\w-]+)"\)', path.read_text())}
    scripts = "\n".join(path.read_text() for path in (ROOT / "static/js").rglob("*.js"))
    asked |= set(re.findall(r'icon: "([\w-]+)"', scripts)) | set(re.findall(r'\bicon\("([\w-]+)"\)', scripts))
    asked |= {"good", "weak", "deaf", "blind", "connecting", "offline"}
    assert asked - sheet == set()


def test_ids_are_unique():
    for name in PAGES:
        ids = [attrs["id"] for _, attrs in render(name).tags if "id" in attrs]
        assert len(ids) == len(set(ids)), name
