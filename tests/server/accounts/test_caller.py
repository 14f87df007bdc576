"""What a caller was asked for is remembered; what is refused hides where it should."""

from __future__ import annotations

import pytest

from server.accounts.caller import NOBODY, Caller, at, system
from server.domain.people import Grant
from server.errors import Forbidden, NotThere

ADMIN = Grant("admin", "/n/x/", "county")


def test_need_remembers_what_was_allowed_and_nothing_else() -> None:
    who = Caller("person", "p", (ADMIN,))
    who.need("room.edit", at("/n/x/x1/"))
    with pytest.raises(Forbidden):
        who.need("org.edit", at("/n/y/"))
    with pytest.raises(NotThere):
        who.need("class.edit", at("/n/y/"), hidden=NotThere())
    assert who.checked == {"room.edit"}


def test_scopes_are_the_own_and_everything_for_the_command_line() -> None:
    who = Caller("person", "p", (ADMIN, Grant("inspector", "/n/y/", "county"), Grant("admin", "/n/x/x1/", "school")))
    assert who.scopes("person.edit") == ("/n/x/",)
    assert who.scopes("person.see") == ("/n/x/", "/n/y/")
    assert who.checked == {"person.edit", "person.see"}
    assert system().scopes("person.edit") == ("/",)
    assert NOBODY.scopes("person.see") == ()


def test_who_must_do_something_first_may_nothing_else() -> None:
    who = Caller("person", "p", (), must="code")
    assert not who.may("org.see", at("/n/"))
    assert who.roles == frozenset()


def test_nobody_and_the_command_line() -> None:
    assert not NOBODY.may("org.see", at("/n/"))
    assert NOBODY.may("login", at(""))
    assert system().may("org.create", at("/n/"))
    with pytest.raises(KeyError):
        NOBODY.may("no.such", at("/n/"))
