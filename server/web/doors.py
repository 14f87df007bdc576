"""Every route is declared with the action it needs (`server/domain/permissions.py`); one without is never answered.

The guard runs before the handler (is anybody logged in?) and after it: an answer for which nobody asked `Caller.need` is thrown
away as a defect of ours. So a forgotten check is an error, not an open door.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from server.accounts.caller import Step
from server.domain.permissions import ACTIONS, LESSON_PAPER, PERSON, PUBLIC
from server.errors import AppError, LoginNeeded, StepNeeded
from server.web.callers import caller_of as caller_of
from server.web.callers import csrf_token as csrf_token
from server.web.callers import next_address as next_address
from server.web.entitled import check_origin
from server.web.keys import CALLER, DECLARED, PAPER_SHOWN

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FIRST: Mapping[Step, str] = {"code": "/login/", "password": "/self", "enrol": "/self"}
"""Where a step is taken: nothing else is open before. Whoever has only the password may not change it or draw a feed's address."""


class Doors:
    """Adds routes to the application."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._declared = app.setdefault(DECLARED, {})

    def add(self, method: str, path: str, handler: Handler, action: str) -> None:
        """A route and its action. Raises `ValueError` for an action nobody defined."""
        if action not in ACTIONS:
            raise ValueError(f"no such action: {action}")
        resource = self._app.router.add_route(method, path, handler).resource
        assert resource is not None
        self._declared[(method, resource.canonical)] = action

    def get(self, path: str, handler: Handler, action: str) -> None:
        """A page or data; HEAD too."""
        resource = self._app.router.add_get(path, handler).resource
        assert resource is not None
        assert action in ACTIONS
        self._declared[("GET", resource.canonical)] = self._declared[("HEAD", resource.canonical)] = action

    def post(self, path: str, handler: Handler, action: str) -> None:
        """A change."""
        self.add("POST", path, handler, action)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in who may come, and only if the handler asked."""
    if request.match_info.http_exception is not None:
        return await handler(request)
    resource = request.match_info.route.resource
    action = request.app[DECLARED].get((request.method, resource.canonical if resource else ""))
    if action is None:
        raise AppError(f"a route without an action: {request.method} {resource}")
    if request.method not in _SAFE and action != LESSON_PAPER:
        check_origin(request)
    if action in PUBLIC or action == LESSON_PAPER:
        response = await handler(request)
    else:
        caller = await caller_of(request)
        if caller.kind == "nobody" or (caller.kind == "device" and action in PERSON):  # a device has no account
            raise LoginNeeded
        if caller.must and action != "session.end" and not (resource and resource.canonical.startswith(_FIRST[caller.must])):
            raise StepNeeded(step=caller.must)
        response = await handler(request)
    if response.status < 400 and not _asked(request, action):
        raise AppError(f"nobody asked for {action}: {request.method} {resource}")
    return response


def _asked(request: web.Request, action: str) -> bool:
    if action in PUBLIC or action in PERSON:
        return True
    return bool(request.get(PAPER_SHOWN)) if action == LESSON_PAPER else action in request[CALLER].checked
