"""Static files as they go over the wire: packed, without comments, several sheets at once, and told to the browser ahead."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from server.web.modules import imported
from server.web.packed import MOST_JOINED, Packed, bare, takes_gzip
from tests.client_web.files import ROOT
from tests.server.web.conftest import Web

STATIC = ROOT / "static"
SCRIPTS = sorted((STATIC / "js").rglob("*.js"))
TSC = ROOT / "node_modules" / "typescript" / "lib" / "typescript.js"
PLAIN = {"Accept-Encoding": "identity"}
SAME = """
import { readFileSync } from "node:fs";
const { default: ts } = await import(process.argv[1]);
const options = { compilerOptions: { removeComments: true, target: "ESNext", module: "ESNext" } };
for (const [name, ...two] of JSON.parse(readFileSync(0, "utf8"))) {
  const [before, after] = two.map((text) => ts.transpileModule(text, options).outputText);
  if (before !== after) throw new Error(name);
}
"""


@pytest.mark.skipif(shutil.which("node") is None or not TSC.exists(), reason="TypeScript is not installed (npm ci in client_web)")
def test_a_script_without_its_comments_is_the_same_script() -> None:
    pairs = [(path.name, path.read_text(), bare(path.read_text())) for path in SCRIPTS]
    assert sum(len(after) for _, _, after in pairs) < 0.8 * sum(len(before) for _, before, _ in pairs)
    done = subprocess.run(["node", "--input-type=module", "-e", SAME, str(TSC)], input=json.dumps(pairs), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("script", "left"),
    [
        ("/** one\n * two\n */\nlet a;", "\n\n\nlet a;"),
        ("  // said\nlet a; // kept", "\nlet a; // kept"),
        ("/** @type {X} */ (a).b();\nlet c; /** d */", "/** @type {X} */ (a).b();\nlet c; /** d */"),
    ],
)
def test_only_whole_lines_go(script: str, left: str) -> None:
    assert bare(script) == left


@pytest.mark.parametrize("page", ["teach", "class", "watch", "wall", "assist", "seat", "inspect"])
def test_every_module_of_a_page_is_named_once(page: str) -> None:
    found = imported(STATIC, f"js/pages/{page}.js")
    assert len(set(found)) == len(found) > 10
    assert f"js/pages/{page}.js" not in found
    assert all((STATIC / path).is_file() for path in found)
    assert {"js/protocol.js", "js/fold.js", "js/fold/board.js"} <= set(found)


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, *;q=0.5", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
    ],
)
def test_who_takes_gzip(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted) is takes


def test_a_file_that_changed_is_packed_anew(tmp_path: Path) -> None:
    packed, file = Packed(), tmp_path / "a.css"
    file.write_text("a" * 1000)
    first = packed.file(file)
    assert first is packed.file(file)
    file.write_text("b" * 1001)
    assert gzip.decompress(packed.file(file) or b"") == b"b" * 1001
    file.write_text("short")
    assert packed.file(file) is None


def test_files_in_one_are_packed_once_and_only_so_many_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [tmp_path / f"{n}.css" for n in range(MOST_JOINED + 2)]
    for file in files:
        file.write_text(file.name)
    packed, times = Packed(), 0

    def counted(data: bytes) -> bytes:
        nonlocal times
        times += 1
        return data

    monkeypatch.setattr("server.web.packed.pack", counted)
    assert packed.joined(files[:2]) == packed.joined(files[:2]) == (b"0.css\n1.css", b"0.css\n1.css")
    assert times == 1
    files[1].write_text("changed")
    assert packed.joined(files[:2])[0] == b"0.css\nchanged"
    for file in files:
        packed.joined([file])
    assert len(packed._joined) == MOST_JOINED


async def test_text_comes_packed_to_who_takes_it(web: Web) -> None:
    script = STATIC / "js/protocol.js"
    plain = await web.client.get("/static/js/protocol.js", headers=PLAIN)
    assert "Content-Encoding" not in plain.headers
    assert await plain.text() == script.read_text()
    packed = await web.client.get("/static/js/protocol.js", headers={"Accept-Encoding": "gzip"})
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert await packed.text() == bare(script.read_text())
    assert int(packed.headers["Content-Length"]) < script.stat().st_size / 2
    again = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert (await web.client.get("/static/js/protocol.js", headers=again)).status == 304
    part = await web.client.get("/static/js/protocol.js", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
    assert (part.status, await part.read()) == (206, script.read_bytes()[:10])
    words = await web.client.get("/static/locale/zh.json", headers={"Accept-Encoding": "gzip"})
    assert words.headers["Content-Encoding"] == "gzip"
    assert await words.json() == await (await web.client.get("/static/locale/zh.json", headers=PLAIN)).json()


async def test_sheets_come_together(web: Web) -> None:
    names = ("tokens", "components/chip")
    wanted = "\n".join((STATIC / f"css/{name}.css").read_text() for name in names)
    for headers in (PLAIN, {"Accept-Encoding": "gzip"}):
        answer = await web.client.get("/static/css/tokens+components/chip.css", headers=headers)
        assert (answer.status, answer.content_type, await answer.text()) == (200, "text/css", wanted)
    for bad in ("tokens+none", "tokens+..%2F..%2Ftemplates%2Fbase", "+".join(["tokens"] * 21), "+", "tokens+../js/boot", "tokens+tokens"):
        assert (await web.client.get(f"/static/css/{bad}.css")).status == 404, bad
