"""A real OIDC provider of the tests' own: npm's `oidc-provider` under Node, on a free port of loopback; and somebody who logs in there."""

from __future__ import annotations

import contextlib
import ctypes
import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.harness.ports import free_tcp_port

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("oidc_provider.mjs")
MODULE = ROOT / "client_web" / "node_modules" / "oidc-provider"
SECRET = "q:7+T%v9/&=-Zr4xLk2mWb8-Yd5nHc1pJf6"
"""With characters that RFC 6749 section 2.3.1 has escaped in a header."""
REDIRECT = "http://127.0.0.1:1/login/oidc/back"
_PR_SET_PDEATHSIG = 1


def client(name: str, **more: str) -> dict[str, object]:
    """A client's registration."""
    return {"client_id": name, "client_secret": SECRET, "redirect_uris": [REDIRECT], **more}


CLIENTS = [
    client("shuangshi"),
    client("elliptic", id_token_signed_response_alg="ES256"),
    client("symmetric", id_token_signed_response_alg="HS256"),
]


def _die_with_us() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class OidcProvider:
    """A running provider. `by_form`: it takes client secrets in forms only."""

    def __init__(self, *, by_form: bool = False) -> None:
        self._clients = [{**one, "token_endpoint_auth_method": "client_secret_post"} for one in CLIENTS] if by_form else CLIENTS
        self.port = free_tcp_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start, with new keys, and wait until it answers."""
        node = shutil.which("node")
        assert node
        self._process = subprocess.Popen(
            [node, SCRIPT, str(self.port), json.dumps(self._clients)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=_die_with_us,
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == "ready\n"

    def stop(self) -> None:
        """Gone at once."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """While inside, nobody answers; afterwards it has other keys."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def settings(self, **more: str) -> dict[str, str]:
        """What an installation that trusts it sets."""
        known = {"ISSUER": self.issuer, "CLIENT_ID": "shuangshi", "CLIENT_SECRET": SECRET, "NAME": "云溪统一认证"}
        return {f"SHUANGSHI_OIDC_{name}": value for name, value in {**known, **more}.items()}

    def login(self, address: str, account: str, *, amr: str = "", acr: str = "", abort: bool = False) -> str:
        """Go where the browser was sent, log in as `account` (or walk away), and say where that leads: our callback with its query."""
        with httpx.Client(timeout=10, trust_env=False) as browser:
            where = self._moved(browser.get(address))
            form = {"abort": "1"} if abort else {"account": account, "amr": amr, "acr": acr}
            assert browser.get(where).status_code == 200
            where = self._moved(browser.post(where, data=form))
            return self._moved(browser.get(where))

    def _moved(self, answer: httpx.Response) -> str:
        assert answer.status_code in (302, 303), (answer.status_code, answer.text[:2000])
        return str(answer.request.url.join(answer.headers["Location"]))


def query(address: str) -> dict[str, str]:
    """The query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.fixture(scope="session")
def oidc() -> Iterator[OidcProvider]:
    """The provider of this test run, started when a test first asks for it."""
    if shutil.which("node") is None or not MODULE.exists():
        pytest.skip("no oidc-provider here: run make node")
    provider = OidcProvider()
    yield provider
    provider.stop()
