"""`shuangshi kiosk`: the files are what a school copies to its PCs, so they are run here."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from server.__main__ import main
from server.cli import kiosk

ORIGIN = "https://school.example:8443"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.setenv("SHUANGSHI_DATA_DIR", str(tmp_path / "data"))
    main(["kiosk", "--out", str(tmp_path / "kiosk"), "--url", ORIGIN + "/"])
    assert len(capsys.readouterr().out.splitlines()) == sum(len(names) for names in kiosk.FILES.values())
    return tmp_path / "kiosk"


def test_the_launcher_starts_the_browser_again(folder: Path, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\necho "$@" >> "$CALLS"\n[ "$(wc -l < "$CALLS")" -lt 3 ] || kill $PPID\n')
    browser.chmod(0o755)
    calls = tmp_path / "calls"
    asked = {"SHUANGSHI_BROWSER": str(browser), "SHUANGSHI_KIOSK_PAUSE": "0", "CALLS": str(calls), "HOME": str(tmp_path)}
    subprocess.run([folder / "linux" / "shuangshi-kiosk.sh"], env={"PATH": os.environ["PATH"], **asked}, timeout=20)
    lines = calls.read_text().splitlines()
    assert len(lines) == 3
    assert all("--kiosk" in line and line.endswith(f"{ORIGIN}/room") for line in lines)
    assert (tmp_path / ".local/share/shuangshi-kiosk").is_dir()


def test_without_a_browser_it_says_so(folder: Path, tmp_path: Path) -> None:
    env = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        [shutil.which("sh") or "sh", folder / "linux" / "shuangshi-kiosk.sh"], env=env, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 1
    assert "install Chromium" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="the installer gives files to another user")
def test_the_installer_puts_everything_in_place(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    env = {"PATH": os.environ["PATH"], "SHUANGSHI_KIOSK_ROOT": str(root)}
    subprocess.run([folder / "linux" / "install.sh", "nobody"], env=env, check=True, capture_output=True, timeout=20)
    assert json.loads((root / "etc/chromium/policies/managed/shuangshi.json").read_text())["AutoplayAllowlist"] == [ORIGIN]
    launcher = root / "usr/local/bin/shuangshi-kiosk"
    assert launcher.stat().st_mode & stat.S_IXOTH
    wrong = subprocess.run([folder / "linux" / "install.sh", "no-such-user"], env=env, capture_output=True, timeout=20)
    assert wrong.returncode == 2


def test_the_policy_is_for_our_address_alone(folder: Path) -> None:
    policy = json.loads((folder / "linux" / "shuangshi-policy.json").read_text())
    assert {name: value for name, value in policy.items() if isinstance(value, list)} == {
        name: [ORIGIN] for name in ("AudioCaptureAllowedUrls", "VideoCaptureAllowedUrls", "AutoplayAllowlist", "TabDiscardingExceptions")
    }
    registry = (folder / "windows" / "shuangshi-policy.reg").read_bytes().decode("utf-16")
    assert registry.startswith("Windows Registry Editor Version 5.00\r\n")
    assert "\n" not in registry.replace("\r\n", "")
    for browser in ("Google\\Chrome", "Microsoft\\Edge"):
        assert f'[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\{browser}\\VideoCaptureAllowedUrls]\r\n"1"="{ORIGIN}"' in registry
        assert f'[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\{browser}]\r\n"BackgroundModeEnabled"=dword:00000000' in registry


def test_windows_scripts_are_plain_and_name_the_page(folder: Path) -> None:
    launcher = (folder / "windows" / "shuangshi-kiosk.cmd").read_bytes()
    assert launcher.isascii()
    assert f'set "ADDRESS={ORIGIN}/room"\r\n'.encode() in launcher
    assert "教室码" in (folder / "windows" / "README.txt").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    "address",
    [
        "ftp://x",
        "https://",
        "https://a b",
        'https://x"&calc.exe',
        "https://x$(reboot)",
        "https://u:p@x",
        "https://x/path",
        "https://x:99999",
        "javascript:x",
    ],
)
def test_an_address_that_a_script_could_trip_over_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(kiosk.BadAddress):
        kiosk.origin_of(address)
