"""The composition root of the web process: everything is made here, once, and handed to those who need it."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import logging
import secrets
import shutil
import signal
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from zoneinfo import ZoneInfo

from aiohttp import web

from media.client import WorkerClient
from server import addresses, tls
from server.accounts.acts import Acts
from server.accounts.audit import Audit
from server.accounts.contents import Contents
from server.accounts.devices import Devices
from server.accounts.door import Door
from server.accounts.feeds import Feeds
from server.accounts.gate import Gate
from server.accounts.identities import Identities
from server.accounts.keys import load_keys
from server.accounts.knocks import Knocks
from server.accounts.logins import Logins
from server.accounts.office import Office
from server.accounts.oidc import Client, Provider
from server.accounts.oidc_flow import Sealer
from server.accounts.panel import Panels
from server.accounts.parents import Parents
from server.accounts.people import People
from server.accounts.resets import Resets
from server.accounts.seats import SeatPapers
from server.accounts.secret import derive, load_secret
from server.accounts.sessions import Sessions
from server.accounts.tokens import Signer
from server.accounts.turn import IcePlan
from server.accounts.verify import Verifier
from server.accounts.watch import Watch
from server.bus import Bus, LocalBus
from server.courseware.blobs import Blobs
from server.courseware.service import CoursewareService
from server.library.service import Library
from server.live.clock import SystemClock
from server.live.intercom import Intercom
from server.live.service import Lessons
from server.live.texts import Texts
from server.replay.afterwards import Afterwards, Wanted
from server.replay.cutting import Cutting
from server.replay.files import Files
from server.replay.keeping import Keeping
from server.replay.live import LiveReplays
from server.replay.making import Making
from server.replay.offered import Offered
from server.replay.service import Replays
from server.replay.stores.chosen import store_of
from server.replay.stores.keyring import Keyring
from server.replay.thinning import Thinning
from server.school import county
from server.school.exchange.exchange import Exchange
from server.settings import Settings
from server.store import Store
from server.store.courseware import CoursewareStore
from server.store.kept import KeptStore
from server.store.schedule import Schedule
from server.store.thin import ThinStore
from server.tls import Tls
from server.web import guide, keys, middleware, socket, static
from server.web.assets import Assets
from server.web.cards import CARDS_PER_MINUTE
from server.web.doors import Doors
from server.web.hls import HLS_PER_MINUTE, KnownLinks
from server.web.knowledge import Knowledge
from server.web.limits import Crowd, RateLimit
from server.web.metrics import Metrics
from server.web.routes import add_routes

log = logging.getLogger(__name__)

ADDRESS_SHARE = 10
"""One address (a school behind one router) may post as much as so many links."""
PAIRINGS_PER_MINUTE = 20
OIDC_PER_MINUTE = 120
"""Ways to the OIDC provider, and back, from one address: a school's teachers come in all at once."""
UPLOADS_PER_MINUTE = 20
"""Files of courseware from one sender."""
HEAD_BYTES = 16 * 1024
"""Longest header line and request line: tokens and admissions fit easily."""


def create_app(settings: Settings, secure: Tls | None = None, assets: Assets | None = None) -> web.Application:
    """The web process as an application; it opens the store and looks for the worker when it starts."""
    app = _bare(settings, secure or Tls(), assets or Assets())
    secret = load_secret(settings.data_dir, settings.secret_key)
    app[keys.SIGNER] = Signer(secret)
    app[keys.SEAT_PAPERS] = SeatPapers(app[keys.SIGNER], _utc_ms)
    app[keys.CSRF_KEY] = derive(secret, "csrf v1")
    app[keys.OIDC_SEALER] = Sealer(derive(secret, "oidc v1"))
    app[keys.OIDC_BY_ADDRESS] = RateLimit(OIDC_PER_MINUTE)
    app[keys.ICE] = IcePlan(settings.ice_servers, settings.turn_url, settings.turn_secret, settings.turn_hours)
    app[keys.POSTS_BY_LINK] = RateLimit(settings.posts_per_minute)
    app[keys.POSTS_BY_ADDRESS] = RateLimit(settings.posts_per_minute * ADDRESS_SHARE)
    app[keys.UPLOADS_BY_SENDER] = RateLimit(UPLOADS_PER_MINUTE)
    app[keys.CARDS_BY_ROOM] = RateLimit(CARDS_PER_MINUTE)
    app[keys.PAIRINGS_BY_ADDRESS] = RateLimit(PAIRINGS_PER_MINUTE)
    app[keys.HLS_BY_VISITOR] = RateLimit(HLS_PER_MINUTE)
    app[keys.HLS_LINKS] = KnownLinks()
    app[keys.SOCKETS_BY_ADDRESS] = Crowd(settings.sockets_per_address)
    app[socket.OPEN] = set()
    add_routes(app)
    app.cleanup_ctx.append(_live)
    app.on_shutdown.append(socket.close_all)
    return app


def create_guide(settings: Settings, secure: Tls, assets: Assets) -> web.Application:
    """The plain HTTP side of LAN mode: nothing but the guide to the local CA."""
    app = _bare(settings, secure, assets)
    doors = Doors(app)
    guide.add_routes(doors)
    doors.get("/static/{path:.+}", static.static, "page.public")
    doors.get("/{path:.*}", guide.to_guide, "page.public")
    app.on_response_prepare.append(middleware.harden)
    return app


def _bare(settings: Settings, secure: Tls, assets: Assets) -> web.Application:
    app = web.Application(middlewares=middleware.ALL, client_max_size=settings.sdp_bytes, handler_args={"max_line_size": HEAD_BYTES})
    app[keys.SETTINGS] = settings
    app[keys.TLS] = secure
    assets.set_zone(ZoneInfo(settings.timezone))
    app[keys.ASSETS] = assets
    app[keys.CATALOGUE] = assets.catalogue
    app[keys.METRICS] = Metrics()
    return app


async def _live(app: web.Application) -> AsyncIterator[None]:
    """Store, bus, worker and lessons, in the order they need each other."""
    settings, clock = app[keys.SETTINGS], SystemClock()
    async with AsyncExitStack() as stack:
        app[keys.STORE] = store = await Store.open(settings.database_url)
        stack.push_async_callback(store.close)
        await _school(app, store)
        app[keys.AUDIT_WATCH].start()
        stack.push_async_callback(app[keys.AUDIT_WATCH].stop)
        app[keys.WORKER] = worker = WorkerClient(settings.control_path)
        app[keys.LESSONS] = lessons = Lessons(
            store,
            Texts(app[keys.CONTENTS]),
            Intercom(store.database, app[keys.CONTENTS]),
            _bus(settings),
            worker,
            clock,
            app[keys.ASSETS].build,
        )
        rooms, throttle = app[keys.OFFICE].rooms, app[keys.LOGINS].throttle
        app[keys.PANELS] = Panels(app[keys.SIGNER], rooms, throttle, _utc_ms)
        app[keys.DOOR] = Door(app[keys.SIGNER], Knowledge(lessons, Schedule(store.database)), _utc_ms, lambda: secrets.token_urlsafe(12))
        await lessons.start()
        stack.push_async_callback(lessons.stop)
        app[keys.COURSEWARE] = courseware = _courseware(settings, store, app[keys.ACTS])
        courseware.drawing.start()
        stack.push_async_callback(courseware.drawing.stop)
        replays = app[keys.REPLAYS]
        files = replays.files
        if files.store is not None:
            stack.push_async_callback(files.store.close)
        keeping = Keeping(files, app[keys.KEYRING], _utc_ms, sealed=settings.recording_seal)
        app[keys.METRICS].kept.watch(keeping, files)
        afterwards = Afterwards(files, settings.data_dir, _utc_ms, Wanted(settings.recording_seal, settings.capture_days))
        making = Making(replays.table, settings.data_dir, _utc_ms, settings.recording_days, replays.expire, files.put)
        cutting = Cutting(replays.cuts, files, _utc_ms)
        thinning = Thinning(ThinStore(store.database), files, _utc_ms, settings.recording_thin)
        for worker_of in (keeping, afterwards, making, cutting, thinning):
            worker_of.start()
            stack.push_async_callback(worker_of.stop)
        app[keys.LIVE_REPLAYS].start()
        stack.push_async_callback(app[keys.LIVE_REPLAYS].stop)
        await worker.start()
        stack.push_async_callback(worker.stop)
        yield


async def _school(app: web.Application, store: Store) -> None:
    """Accounts and what they may do."""
    settings = app[keys.SETTINGS]
    secrets_of = load_keys(settings)
    app[keys.CONTENTS] = contents = Contents(store.database, secrets_of.vault, _utc_ms, secrets_of.fresh)
    await contents.check()
    app[keys.AUDIT] = audit = Audit(contents, secrets_of.audit_key, _utc_ms)
    app[keys.AUDIT_WATCH] = Watch(Verifier(store.database, contents, secrets_of.audit_key), settings.data_dir, _utc_ms)
    app[keys.ACTS] = acts = Acts(store.database, audit)
    idle_ms = int(settings.session_idle_hours * 3_600_000)
    app[keys.GATE] = gate = Gate(store.database, _utc_ms, idle_ms=idle_ms, admins_need_totp=settings.admin_totp)
    app[keys.FEEDS] = Feeds(store.database, gate, _utc_ms)
    app[keys.OFFICE] = office = Office(store.database, acts, contents, _utc_ms)
    kept = KeptStore(store.database)
    app[keys.KEYRING] = keyring = Keyring(contents, kept)
    app[keys.REPLAYS] = replays = Replays(store, office, Files(settings.data_dir, kept, keyring, store_of(settings)))
    spans = {"minutes": settings.live_minutes, "megabytes": settings.live_megabytes, "televised": settings.hls_lessons}
    app[keys.LIVE_REPLAYS] = LiveReplays(replays.table, settings.data_dir, _utc_ms, **spans)
    offered = Offered(replays)
    app[keys.LIBRARY] = Library(office, offered.recordings, offered.cover, offered.prepared)
    app[keys.DEVICES] = Devices(office)
    app[keys.EXCHANGE] = Exchange(office, ZoneInfo(settings.timezone))
    app[keys.KNOCKS] = Knocks(office, int(settings.link_hours * 3_600_000))
    sessions = Sessions(store.database, _utc_ms, settings.session_hours)
    app[keys.LOGINS] = logins = Logins(store.database, acts, contents, sessions, _utc_ms)
    app[keys.PEOPLE] = people = People(office, sessions, _utc_ms)
    app[keys.PARENTS] = Parents(office, logins)
    app[keys.RESETS] = Resets(office, people, sessions, logins.recovery)
    app[keys.IDENTITIES] = Identities(store.database, acts, logins, _utc_ms)
    app[keys.OIDC] = _provider(settings)
    app[keys.DEMO_DATA] = await office.orgs.by_code(county.CODE) is not None


def _courseware(settings: Settings, store: Store, acts: Acts) -> CoursewareService:
    soffice = str(settings.soffice or shutil.which("soffice") or "")
    return CoursewareService(CoursewareStore(store.database), Blobs(settings.courseware_path), acts, soffice, _utc_ms)


def _provider(settings: Settings) -> Provider | None:
    known = Client(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, settings.oidc_acr)
    return Provider(known, _utc_ms) if known.issuer else None


def _utc_ms() -> int:
    """The time links expire by: what the command line reads too, not the lesson clock, which never follows a corrected one."""
    return time.time_ns() // 1_000_000


def _bus(settings: Settings) -> Bus:
    if not settings.redis_url:
        return LocalBus()
    from server.bus.redis import RedisBus  # the driver is loaded only where it is used

    return RedisBus(settings.redis_url)


def hosts(settings: Settings, own: Sequence[str]) -> tuple[str, ...]:
    """Addresses to listen on; LAN means all of both families, where the machine (`own` addresses) has both."""
    every = settings.listen == "0.0.0.0" and settings.lan  # noqa: S104 — a comparison
    return (settings.listen, "::") if every and any(":" in address for address in own) else (settings.listen,)


async def serve(settings: Settings) -> None:
    """The web process: listen until SIGTERM or SIGINT. Raises `OSError` for an address that is taken or a certificate unusable."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    own, assets = addresses.of_this_machine(), Assets()
    secure, listen = tls.prepare(settings, own, dt.datetime.now(dt.UTC)), hosts(settings, own)
    async with AsyncExitStack() as stack:
        await _listen(stack, create_app(settings, secure, assets), listen, settings.http_port, secure.context)
        if secure.ca_pem:
            await _listen(stack, create_guide(settings, secure, assets), listen, settings.guide_port, None)
        gc.collect()
        gc.freeze()  # modules, tables and templates stay: looking through them again and again would stop everybody for 0.1 s
        await stop.wait()


async def _listen(stack: AsyncExitStack, app: web.Application, listen: Sequence[str], port: int, context: ssl.SSLContext | None) -> None:
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=3.0)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    for host in listen:
        await web.TCPSite(runner, host, port, ssl_context=context).start()
    log.info("listening on %s", ", ".join(str(address) for address in runner.addresses))
