"""The pages' scripts under Node's own test runner, and their types under tsc."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.client_web.files import ROOT

TESTS = sorted((ROOT.parent / "tests" / "client_web" / "js").glob("*.test.mjs"))
NODE = shutil.which("node")
TSC = ROOT / "node_modules" / "typescript" / "bin" / "tsc"


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
@pytest.mark.parametrize("path", TESTS, ids=lambda p: p.name)
def test_script(path):
    done = subprocess.run([NODE, "--test", str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.skipif(NODE is None or not TSC.exists(), reason="TypeScript is not installed (npm ci in client_web)")
def test_types():
    done = subprocess.run([NODE, str(TSC), "-p", str(ROOT / "jsconfig.json")], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
