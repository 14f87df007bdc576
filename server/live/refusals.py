"""From the domain's and the worker's refusals to the one error tree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from media import client
from server import errors
from server.domain.refused import Refused
from server.store import passing

_MEDIA: dict[str, type[errors.AppError]] = {
    "sdp.malformed": errors.BadSdp,
    "sdp.unacceptable": errors.UnacceptableOffer,
    "sdp.names": errors.BadSlots,
    "session.unknown": errors.NoSuchSession,
    "session.stale": errors.StaleEtag,
    "media.full": errors.MediaUnavailable,
}


@contextmanager
def as_app_errors() -> Iterator[None]:
    """Turn refusals raised inside into `AppError`s."""
    try:
        yield
    except Refused as refused:
        raise errors.BY_CODE.get(refused.code, errors.BadRequest)(refused.code, **refused.params) from refused
    except client.Refused as refused:
        raise _MEDIA.get(refused.code, errors.MediaUnavailable)(refused.detail) from refused
    except client.WorkerGone as gone:
        raise errors.MediaUnavailable(str(gone)) from gone
    except Exception as error:
        if passing(error):
            raise errors.StoreUnavailable(type(error).__name__) from error
        raise


def error_body(error: errors.AppError) -> dict[str, Any]:
    """Code and parameters for a socket message; the page has the sentence (S27)."""
    return {"code": error.code, "params": error.params}
