"""A browser that keeps the cookies it is given, and goes back to our pages from elsewhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.server.web.conftest import Browser


class Keeping(Browser):
    """As `Browser`; cookies that are set are shown from then on, wherever their path says."""

    async def _ask(self, method: str, path: str, **how: Any) -> aiohttp.ClientResponse:
        response = await super()._ask(method, path, **how)
        for name, morsel in response.cookies.items():
            if morsel.value and morsel["max-age"] != "0":
                self.cookies[name] = morsel.value
            else:
                self.cookies.pop(name, None)
        return response

    async def back(self, address: str, *, page: bool = True) -> aiohttp.ClientResponse:
        """Where another site sends the browser: an address of ours."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}" == self.web.origin, address
        return await self.get(f"{parts.path}?{parts.query}", page=page)
