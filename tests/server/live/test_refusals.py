from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from media import client
from server import errors
from server.domain.refused import Refused
from server.live.refusals import as_app_errors
from server.web.failure import as_app_error


class Driver(Exception):
    """A driver's error, as asyncpg's have a state."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("something about the database")
        self.sqlstate = sqlstate


def database(sqlstate: str | None) -> OperationalError:
    return OperationalError("SELECT", {}, Driver(sqlstate))


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (Refused("stage.full"), errors.StageFull),
        (client.Refused("session.unknown"), errors.NoSuchSession),
        (client.Refused("a code of tomorrow"), errors.MediaUnavailable),
        (client.WorkerGone("away"), errors.MediaUnavailable),
        (database("57P01"), errors.StoreUnavailable),
        (database("08006"), errors.StoreUnavailable),
        (ConnectionRefusedError("away"), errors.StoreUnavailable),
    ],
)
def test_what_is_planned_has_its_code(raised: Exception, told: type[errors.AppError]) -> None:
    with pytest.raises(told), as_app_errors():
        raise raised


@pytest.mark.parametrize("raised", [database("23505"), database(None), KeyError("x")])
def test_what_is_not_planned_stays_what_it_is(raised: Exception) -> None:
    with pytest.raises(type(raised)), as_app_errors():
        raise raised


def test_a_database_that_is_away_says_so_over_http_too_without_its_own_words() -> None:
    told = as_app_error(database("57P03"))
    assert (told.code, told.status) == ("store.unavailable", 503)
    assert "something" not in told.detail
    assert as_app_error(database("23505")).code == "internal"
