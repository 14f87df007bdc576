"""Typed keys of what the composition root puts into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.web import RequestKey

from server.accounts.acts import Acts
from server.accounts.audit import Audit
from server.accounts.caller import Caller
from server.accounts.contents import Contents
from server.accounts.devices import Devices
from server.accounts.door import Door
from server.accounts.feeds import Feeds
from server.accounts.gate import Gate
from server.accounts.identities import Identities
from server.accounts.knocks import Knocks
from server.accounts.logins import Logins
from server.accounts.office import Office
from server.accounts.oidc import Provider
from server.accounts.oidc_flow import Sealer
from server.accounts.panel import Panels
from server.accounts.parents import Parents
from server.accounts.people import People
from server.accounts.resets import Resets
from server.accounts.seats import SeatPapers
from server.accounts.tokens import Signer
from server.accounts.turn import IcePlan
from server.accounts.watch import Watch
from server.courseware.service import CoursewareService
from server.library.service import Library
from server.replay.live import LiveReplays
from server.replay.service import Replays
from server.replay.stores.keyring import Keyring
from server.school.exchange.exchange import Exchange
from server.settings import Settings
from server.tls import Tls

if TYPE_CHECKING:
    from media.client import WorkerClient
    from server.live.service import Lessons
    from server.store import Store
    from server.web.assets import Assets
    from server.web.catalogue import Catalogue
    from server.web.hls import KnownLinks
    from server.web.limits import Crowd, RateLimit
    from server.web.metrics import Metrics

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
SIGNER: web.AppKey[Signer] = web.AppKey("signer", Signer)
CARDS_BY_ROOM: web.AppKey[RateLimit] = web.AppKey("cards by room")
"""Pictures of cards, by room."""
SEAT_PAPERS: web.AppKey[SeatPapers] = web.AppKey("seat papers")
PANELS: web.AppKey[Panels] = web.AppKey("panels", Panels)
DOOR: web.AppKey[Door] = web.AppKey("door", Door)
TLS: web.AppKey[Tls] = web.AppKey("tls", Tls)
ICE: web.AppKey[IcePlan] = web.AppKey("ice", IcePlan)
STORE: web.AppKey[Store] = web.AppKey("store")
LESSONS: web.AppKey[Lessons] = web.AppKey("lessons")
WORKER: web.AppKey[WorkerClient] = web.AppKey("worker")
ASSETS: web.AppKey[Assets] = web.AppKey("assets")
CATALOGUE: web.AppKey[Catalogue] = web.AppKey("catalogue")
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")
CONTENTS: web.AppKey[Contents] = web.AppKey("contents", Contents)
AUDIT: web.AppKey[Audit] = web.AppKey("audit", Audit)
AUDIT_WATCH: web.AppKey[Watch] = web.AppKey("audit watch", Watch)
ACTS: web.AppKey[Acts] = web.AppKey("acts", Acts)
OFFICE: web.AppKey[Office] = web.AppKey("office", Office)
LOGINS: web.AppKey[Logins] = web.AppKey("logins", Logins)
PEOPLE: web.AppKey[People] = web.AppKey("people", People)
PARENTS: web.AppKey[Parents] = web.AppKey("parents", Parents)
RESETS: web.AppKey[Resets] = web.AppKey("resets", Resets)
IDENTITIES: web.AppKey[Identities] = web.AppKey("identities", Identities)
OIDC: web.AppKey[Provider | None] = web.AppKey("oidc")
OIDC_SEALER: web.AppKey[Sealer] = web.AppKey("oidc sealer", Sealer)
OIDC_BY_ADDRESS: web.AppKey[RateLimit] = web.AppKey("oidc by address")
COURSEWARE: web.AppKey[CoursewareService] = web.AppKey("courseware", CoursewareService)
LIBRARY: web.AppKey[Library] = web.AppKey("library", Library)
UPLOADS_BY_SENDER: web.AppKey[RateLimit] = web.AppKey("uploads by sender")
DEVICES: web.AppKey[Devices] = web.AppKey("devices", Devices)
EXCHANGE: web.AppKey[Exchange] = web.AppKey("exchange", Exchange)
KNOCKS: web.AppKey[Knocks] = web.AppKey("knocks", Knocks)
PAIRINGS_BY_ADDRESS: web.AppKey[RateLimit] = web.AppKey("pairings by address")
DEMO_DATA: web.AppKey[bool] = web.AppKey("demo data", bool)
"""The demo county is in this database."""
FEEDS: web.AppKey[Feeds] = web.AppKey("feeds", Feeds)
GATE: web.AppKey[Gate] = web.AppKey("gate", Gate)
REPLAYS: web.AppKey[Replays] = web.AppKey("replays", Replays)
KEYRING: web.AppKey[Keyring] = web.AppKey("keyring", Keyring)
LIVE_REPLAYS: web.AppKey[LiveReplays] = web.AppKey("live replays", LiveReplays)
HLS_BY_VISITOR: web.AppKey[RateLimit] = web.AppKey("hls by visitor")
HLS_LINKS: web.AppKey[KnownLinks] = web.AppKey("hls links")
CSRF_KEY: web.AppKey[bytes] = web.AppKey("csrf key", bytes)
DECLARED: web.AppKey[dict[tuple[str, str], str]] = web.AppKey("declared actions")
"""(method, route pattern) → action."""
POSTS_BY_LINK: web.AppKey[RateLimit] = web.AppKey("posts by link")
POSTS_BY_ADDRESS: web.AppKey[RateLimit] = web.AppKey("posts by address")
SOCKETS_BY_ADDRESS: web.AppKey[Crowd] = web.AppKey("sockets by address")

CALLER: RequestKey[Caller] = RequestKey("caller", Caller)
PAPER_SHOWN: RequestKey[bool] = RequestKey("paper shown", bool)
"""The request's lesson paper was found valid."""

FRAMES: RequestKey[tuple[str, str]] = RequestKey("frames", tuple)
"""What the page may frame, and who may frame it, as the Content-Security-Policy says it; nothing and nobody unless set."""

TYPED: RequestKey[dict[str, str]] = RequestKey("typed", dict)
"""What was typed into the form, to be shown again if it is refused; nothing secret."""
