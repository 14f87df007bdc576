"""A refused form is the same page again: what was typed is kept, each wrong field is named, the status says what it was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from server.errors import AppError, Invalid
from server.web.answers import language, wants_page
from server.web.keys import CATALOGUE, METRICS, TYPED

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SHOWN_AGAIN = frozenset({401, 409, 422, 429})


@dataclass(frozen=True, slots=True)
class Again:
    """A form that was refused."""

    form: str = ""
    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """Field → code."""
    problem: str = ""
    """The sentence on top."""
    status: int = 200


Show = Callable[[web.Request, Again], Awaitable[web.StreamResponse]]


def first(show: Show) -> Handler:
    """The page as it is opened."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return await show(request, Again())

    return handler


def posts(show: Show, form: str = "") -> Callable[[Handler], Handler]:
    """The handler of one of the page's forms: what it refuses is shown on the page to a browser, and told as JSON to a script."""

    def wrap(handler: Handler) -> Handler:
        async def post(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except AppError as error:
                if error.status not in SHOWN_AGAIN or not wants_page(request):
                    raise
                request.app[METRICS].refusals.labels(error.code).inc()
                response = await show(request, _again(request, form, error))
                response.set_status(error.status)
                if "retry_after" in error.params:
                    response.headers["Retry-After"] = str(error.params["retry_after"])
                return response

        return post

    return wrap


def _again(request: web.Request, form: str, error: AppError) -> Again:
    problem = request.app[CATALOGUE].formatted(language(request), f"error.{error.code}", error.params)
    wrong = dict(error.fields) if isinstance(error, Invalid) else {}
    if "field" in error.params:
        wrong[str(error.params["field"])] = "taken"
    return Again(form, request.get(TYPED, {}), wrong, problem, error.status)
