"""Typed keys of what the composition root puts into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from server.accounts.door import Door
from server.accounts.tokens import Signer
from server.accounts.turn import IcePlan
from server.settings import Settings
from server.tls import Tls

if TYPE_CHECKING:
    from media.client import WorkerClient
    from server.live.service import Lessons
    from server.store import Store
    from server.web.assets import Assets
    from server.web.catalogue import Catalogue
    from server.web.limits import Crowd, RateLimit
    from server.web.metrics import Metrics

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
SIGNER: web.AppKey[Signer] = web.AppKey("signer", Signer)
DOOR: web.AppKey[Door] = web.AppKey("door", Door)
TLS: web.AppKey[Tls] = web.AppKey("tls", Tls)
ICE: web.AppKey[IcePlan] = web.AppKey("ice", IcePlan)
STORE: web.AppKey[Store] = web.AppKey("store")
LESSONS: web.AppKey[Lessons] = web.AppKey("lessons")
WORKER: web.AppKey[WorkerClient] = web.AppKey("worker")
ASSETS: web.AppKey[Assets] = web.AppKey("assets")
CATALOGUE: web.AppKey[Catalogue] = web.AppKey("catalogue")
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")
POSTS_BY_LINK: web.AppKey[RateLimit] = web.AppKey("posts by link")
POSTS_BY_ADDRESS: web.AppKey[RateLimit] = web.AppKey("posts by address")
SOCKETS_BY_ADDRESS: web.AppKey[Crowd] = web.AppKey("sockets by address")
