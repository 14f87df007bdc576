"""Who is asking: logins, links, the OIDC provider."""

from __future__ import annotations

from server.errors.base import AppError


class LoginNeeded(AppError):
    """Nobody is logged in; a browser is sent to the login page."""

    code = "login.needed"
    status = 401


class Unauthenticated(AppError):
    """Nobody known is asking."""

    code = "link.missing"
    status = 401


class BadLogin(AppError):
    """Login or password, class, number or PIN, or code is wrong; which of them is not said."""

    code = "login.wrong"
    status = 401


class LoginStale(AppError):
    """A login of a moment ago is needed for this, and this one is older."""

    code = "login.stale"
    status = 401


class OidcRefused(AppError):
    """The login at the OIDC provider was not finished, or its answer does not belong to this browser, or was used before."""

    code = "oidc.refused"
    status = 401


class OidcUnknown(AppError):
    """The OIDC provider knows who it is, and no open account here is bound to them."""

    code = "oidc.unknown"
    status = 403


class OidcTaken(AppError):
    """The identity at the OIDC provider is bound to another account."""

    code = "oidc.taken"
    status = 409


class OidcUnavailable(AppError):
    """The OIDC provider does not answer now, or not as its settings here say."""

    code = "oidc.unavailable"
    status = 503


class StepNeeded(AppError):
    """Logged in, and something must be done first: a new password, a code, a second factor; `step` says which."""

    code = "login.step"
    status = 403


class LinkExpired(Unauthenticated):
    """The link's time is over."""

    code = "link.expired"


class LinkInvalid(Unauthenticated):
    """The link was not made here, was altered, or was revoked."""

    code = "link.invalid"
