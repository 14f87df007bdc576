"""An OIDC provider that vouches for people: authorization code with PKCE (OpenID Connect Core 1.0 section 3.1, RFC 7636).

Addresses and keys come from its discovery document and are kept for an hour; keys are read anew when a signature does not fit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from server.accounts.id_token import BadToken, Expected, Who, check, key_set
from server.accounts.oidc_flow import Flow
from server.errors import OidcRefused, OidcUnavailable

log = logging.getLogger(__name__)

DISCOVERY = "/.well-known/openid-configuration"
SCOPE = "openid"
"""Who it is, and nothing about them."""
SECONDS = 10.0
KEPT_MS = 3_600_000
LONGEST_ANSWER = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Client:
    """Us, as the provider knows us."""

    issuer: str
    client_id: str
    secret: str
    second_factors: tuple[str, ...] = ()
    """Values of `acr` that stand for two factors."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The discovery document's parts that we use."""

    authorize: str
    token: str
    jwks: str
    basic: bool
    """The token endpoint takes the secret in the Authorization header."""
    read_at: int


class Provider:
    """One per process. `now`: UTC ms."""

    def __init__(self, client: Client, now: Callable[[], int]) -> None:
        self.client = client
        self._now = now
        self._known: _Known | None = None
        self._jwks: Mapping[str, Any] | None = None

    async def address(self, flow: Flow) -> str:
        """Where the browser goes to log in. Raises `OidcUnavailable`."""
        known = await self._discover()
        more = {"acr_values": " ".join(self.client.second_factors)} if self.client.second_factors else {}
        address: str = prepare_grant_uri(
            known.authorize,
            self.client.client_id,
            "code",
            redirect_uri=flow.back,
            scope=SCOPE,
            state=flow.state,
            nonce=flow.nonce,
            code_challenge=create_s256_code_challenge(flow.verifier),
            code_challenge_method="S256",
            **more,
        )
        return address

    async def who(self, flow: Flow, code: str) -> Who:
        """Who came back with this code. Raises `OidcRefused`, `OidcUnavailable`."""
        known = await self._discover()
        answer = await self._exchange(known, flow, code)
        expected = Expected(self.client.issuer, self.client.client_id, flow.nonce, self.client.second_factors)
        access, now_s = str(answer.get("access_token", "")), self._now() // 1000
        try:
            if self._jwks is not None:
                try:
                    return check(str(answer.get("id_token", "")), key_set(self._jwks), expected, now_s, access)
                except BadToken:
                    pass  # perhaps it has new keys
            self._jwks = await self._read(known.jwks)
            return check(str(answer.get("id_token", "")), key_set(self._jwks), expected, now_s, access)
        except BadToken as error:
            raise OidcRefused(f"ID token: {error}") from error

    async def _discover(self) -> _Known:
        if self._known is None or self._now() - self._known.read_at > KEPT_MS:
            found = await self._read(self.client.issuer.rstrip("/") + DISCOVERY)
            if found.get("issuer") != self.client.issuer:
                raise OidcUnavailable(f"the provider calls itself {found.get('issuer')!r}")
            authorize, token, jwks = (self._address(found, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"))
            ways = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
            self._known, self._jwks = _Known(authorize, token, jwks, "client_secret_basic" in ways, self._now()), None
        return self._known

    def _address(self, found: Mapping[str, Any], name: str) -> str:
        """An address of the discovery document, which may be plain HTTP only where the issuer is (a test's, on loopback)."""
        address = str(found.get(name, ""))
        if urlsplit(address).scheme not in {"https", urlsplit(self.client.issuer).scheme}:
            raise OidcUnavailable(f"{name} is {address!r}")
        return address

    async def _exchange(self, known: _Known, flow: Flow, code: str) -> Mapping[str, Any]:
        """The tokens for a code (RFC 6749 section 4.1.3)."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": flow.back, "code_verifier": flow.verifier}
        name, secret = quote_plus(self.client.client_id), quote_plus(self.client.secret)
        login = httpx.BasicAuth(name, secret) if known.basic else None
        if login is None:
            form |= {"client_id": self.client.client_id, "client_secret": self.client.secret}
        status, answer = await self._ask("POST", known.token, data=form, auth=login)
        if status == 200:
            return answer
        why = f"token endpoint: {status} {answer.get('error', '')!r}"
        if status == 400 and answer.get("error") == "invalid_grant":
            raise OidcRefused(why)
        log.error("OIDC: %s", why)  # our own settings do not fit the provider's, or it is broken
        raise OidcUnavailable(why)

    async def _read(self, address: str) -> Mapping[str, Any]:
        status, answer = await self._ask("GET", address)
        if status != 200:
            raise OidcUnavailable(f"{address}: {status}")
        return answer

    async def _ask(self, method: str, address: str, **more: Any) -> tuple[int, Mapping[str, Any]]:
        try:
            async with httpx.AsyncClient(timeout=SECONDS, headers={"Accept": "application/json"}) as http:
                response = await http.request(method, address, **more)
                answer = response.json() if len(response.content) <= LONGEST_ANSWER else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            log.warning("OIDC: %s does not answer: %s", urlsplit(address).netloc, type(error).__name__)
            raise OidcUnavailable(f"{address}: {type(error).__name__}") from error
        if not isinstance(answer, dict):
            raise OidcUnavailable(f"{address}: no JSON object")
        return response.status_code, answer
