"""Logging in and the own account: who gets in, who learns what, and what ends when something changes."""

from __future__ import annotations

import asyncio

import pyotp
import pytest
from sqlalchemy import select, update

from server.accounts import cookies, totp
from server.accounts.caller import Caller
from server.accounts.familiar import KEPT_MS
from server.accounts.passwords import Passwords
from server.accounts.proofs import FRESH_MS
from server.errors import AppError, BadLogin, Invalid, LinkInvalid, LoginStale, NotThere, Taken, TooMany
from server.school import classes
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.services import PASSWORD, QUICK, Services

pytestmark = both_databases
ME, ADDRESS, NEW = "x1.teacher", "203.0.113.7", "another long word"
PUPIL = ("C-x1", "301", "01")


async def who(process: Services, bearer: cookies.Bearer) -> Caller:
    return await process.gate.caller({cookies.SESSION: bearer.text})


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


async def pin(process: Services, student: str = "x1.c1.s1") -> str:
    return await classes.set_pin(process.office, await process.caller("x1.admin"), student, QUICK)


async def enrolled(process: Services, person: str = ME, password: str = "") -> str:
    """A second factor for somebody, and the time moved on so that its code may be used again; the secret."""
    secret = totp.new_secret()
    code = pyotp.TOTP(secret).at(process.clock.now // 1000)
    await process.logins.enrol(await process.caller(person), secret, code, password=password)
    process.clock.now += 60_000
    return secret


# --- logging in --------------------------------------------------------------------------------------------------------


async def test_a_login_begins_a_session_of_its_own_and_ends_the_browsers_old_one(process: Services) -> None:
    await process.password(ME)
    before = await process.caller(ME)
    begun = await process.logins.person(" X1.Teacher ", PASSWORD, ADDRESS, before.session)
    assert begun.bearer.id != before.session
    assert (await who(process, begun.bearer)).id == ME
    assert (await process.gate.caller(process.world.cookies(ME))).kind == "nobody"


async def test_nobody_learns_which_logins_exist(process: Services) -> None:
    await process.password(ME)
    worked: list[bool] = []

    class Watching(Passwords):
        async def verify(self, kept: str | None, text: str) -> bool:
            worked.append(True)
            return await super().verify(kept, text)

    process.logins.passwords = Watching(1, 8)
    await process.store.database.execute(update(t.person).where(t.person.c.id == "x2.teacher").values(disabled_at=1))
    for login in (ME, "nobody.of.this.name", "y1.teacher", "x2.teacher", "' OR 1=1 --"):
        error = await refused(process.logins.person(login, "wrong", ADDRESS))
        assert (type(error), error.params) == (BadLogin, {}), login
    for words in ((*PUPIL, "000000"), ("C-x1", "301", "99", "1"), ("C-zz", "301", "01", "1"), ("C-x1", "999", "01", "1")):
        assert type(await refused(process.logins.student(*words, ADDRESS))) is BadLogin
    assert len(worked) == 9, "as much work for each"


@pytest.mark.parametrize("login", [ME, "nobody.of.this.name"])
async def test_during_a_lock_out_the_right_password_is_refused_the_same_way(process: Services, login: str) -> None:
    await process.password(ME)
    for _ in range(5):
        assert type(await refused(process.logins.person(login, "wrong", ADDRESS))) is BadLogin
    for text in ("wrong", PASSWORD):
        error = await refused(process.logins.person(login, text, ADDRESS))
        assert (type(error), error.params) == (TooMany, {"retry_after": 2})
    process.clock.now += 2_000
    if login == ME:
        assert await process.logins.person(login, PASSWORD, ADDRESS)


async def test_fifty_wrong_ones_from_an_address_stop_it_for_everybody_there_only(process: Services) -> None:
    await process.password(ME)
    for number in range(50):
        assert type(await refused(process.logins.person(f"guess{number}", "wrong", ADDRESS))) is BadLogin
    assert type(await refused(process.logins.person(ME, PASSWORD, ADDRESS))) is TooMany
    assert await process.logins.person(ME, PASSWORD, "203.0.113.8")


HOME, ELSEWHERE = "198.51.100.7", "192.0.2.9"


async def test_wrong_tries_elsewhere_keep_nobody_from_coming_in_where_they_always_do(process: Services) -> None:
    await process.password(ME)
    assert await process.logins.person(ME, PASSWORD, HOME)
    for _ in range(40):  # for hours, whenever it is allowed
        process.clock.now += 900_000
        await refused(process.logins.person(ME, "wrong", ELSEWHERE))
        await refused(process.logins.person(ME, "wrong", ELSEWHERE))
    for _ in range(6):
        await refused(process.logins.person(ME, "wrong", ELSEWHERE))
    assert type(await refused(process.logins.person(ME, PASSWORD, ADDRESS))) is TooMany, "an address nobody knows"
    assert await process.logins.person(" X1.teacher", PASSWORD, HOME)
    assert type(await refused(process.logins.person(ME, PASSWORD, ELSEWHERE))) is TooMany, "and the others go on waiting"


async def test_an_address_that_is_known_has_five_tries_of_its_own(process: Services) -> None:
    await process.password(ME)
    await process.logins.person(ME, PASSWORD, HOME)
    for _ in range(5):
        assert type(await refused(process.logins.person(ME, "wrong", HOME))) is BadLogin
    assert type(await refused(process.logins.person(ME, PASSWORD, HOME))) is TooMany
    assert await process.logins.person(ME, PASSWORD, ADDRESS), "which lock nobody out elsewhere"


async def test_an_address_is_forgotten_after_thirty_days(process: Services) -> None:
    await process.password(ME)
    await process.password("x2.teacher")
    await process.logins.person(ME, PASSWORD, HOME)
    rows = await process.store.database.read(select(t.known_address))
    assert len(rows) == 1
    assert HOME not in str(rows)
    process.clock.now += KEPT_MS
    for _ in range(5):
        await refused(process.logins.person(ME, "wrong", ELSEWHERE))
    assert type(await refused(process.logins.person(ME, PASSWORD, HOME))) is TooMany
    await process.logins.person("x2.teacher", PASSWORD, ADDRESS)
    assert len(await process.store.database.read(select(t.known_address))) == 1, "swept"


async def test_a_pupils_pin_is_throttled_where_the_class_is_known_too(process: Services) -> None:
    digits = await pin(process)
    await process.logins.student(*PUPIL, digits, HOME)
    for _ in range(5):
        await refused(process.logins.student(*PUPIL, "000000", ELSEWHERE))
    assert await process.logins.student(*PUPIL, digits, HOME)
    for _ in range(5):
        await refused(process.logins.student("C-x1", "301", " 01", "000000", HOME))
    assert type(await refused(process.logins.student(*PUPIL, digits, HOME))) is TooMany


async def test_two_logins_at_once_from_a_new_address(pair: tuple[Services, Services]) -> None:
    await pair[0].password(ME)
    assert all(await asyncio.gather(*(one.logins.person(ME, PASSWORD, HOME) for one in pair for _ in range(2))))
    assert len(await pair[0].store.database.read(select(t.known_address))) == 1


async def test_a_crowd_of_guesses_at_one_account_gets_five(pair: tuple[Services, Services]) -> None:
    await pair[0].password(ME)
    attempts = (one.logins.person(ME, f"guess {n}", f"203.0.113.{n}") for one in pair for n in range(10))
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(type(error).__name__ for error in outcomes) == ["BadLogin"] * 5 + ["TooMany"] * 15


async def test_a_hash_of_old_parameters_is_made_anew_and_nothing_else_changes(process: Services) -> None:
    old = await Passwords(2, 16).hash(PASSWORD)
    await process.store.database.execute(update(t.person).where(t.person.c.id == ME).values(password_hash=old, must_change=True))
    begun = await process.logins.person(ME, PASSWORD, ADDRESS)
    row = await process.store.database.one(select(t.person).where(t.person.c.id == ME))
    assert row
    assert not QUICK.stale(row.password_hash)
    assert await QUICK.verify(row.password_hash, PASSWORD)
    assert (await who(process, begun.bearer)).must == "password", "whoever must choose a new one still must"


# --- students ----------------------------------------------------------------------------------------------------------


async def test_a_student_enters_by_class_number_and_pin(process: Services) -> None:
    digits = await pin(process)
    begun = await process.logins.student(" C-x1 ", " 301 ", " 01 ", digits, ADDRESS)
    caller = await who(process, begun.bearer)
    assert (caller.kind, caller.id, begun.needs_code) == ("student", "x1.c1.s1", False)
    assert type(await refused(process.logins.student("C-x1", "301", "02", digits, ADDRESS))) is BadLogin
    assert type(await refused(process.logins.student("C-x2", "301", "01", digits, ADDRESS))) is BadLogin


async def test_a_new_pin_throws_out_whoever_knew_the_old_one(process: Services) -> None:
    old = await pin(process)
    begun = await process.logins.student(*PUPIL, old, ADDRESS)
    new = await pin(process)
    assert (await who(process, begun.bearer)).kind == "nobody"
    if old != new:
        assert type(await refused(process.logins.student(*PUPIL, old, ADDRESS))) is BadLogin
    assert await process.logins.student(*PUPIL, new, ADDRESS)


async def test_every_spelling_of_a_student_is_the_same_account(process: Services) -> None:
    await pin(process)
    spellings = [(" C-x1", "301", "01"), ("C-x1 ", "301", "01"), ("C-x1", " 301", "01"), ("C-x1", "301 ", "01"), ("C-x1", "301", "01 ")]
    for words in spellings:
        assert type(await refused(process.logins.student(*words, "wrong", ADDRESS))) is BadLogin
    assert type(await refused(process.logins.student(*PUPIL, "wrong", ADDRESS))) is TooMany


async def test_a_student_of_a_closed_class_or_who_left_is_nobody(process: Services) -> None:
    digits = await pin(process)
    begun = await process.logins.student(*PUPIL, digits, ADDRESS)
    admin = await process.caller("x1.admin")
    await classes.close(process.office, admin, "x1.c1", 1, closed=True)
    assert type(await refused(process.logins.student(*PUPIL, digits, ADDRESS))) is BadLogin
    await classes.close(process.office, admin, "x1.c1", 2, closed=False)
    await classes.leave(process.office, admin, "x1.c1.s1", 1)
    assert (await who(process, begun.bearer)).kind == "nobody"
    assert type(await refused(process.logins.student(*PUPIL, digits, ADDRESS))) is BadLogin


# --- the second factor -------------------------------------------------------------------------------------------------


async def test_with_a_second_factor_the_password_alone_opens_nothing(process: Services) -> None:
    secret = await enrolled(process)
    await process.password(ME)
    begun = await process.logins.person(ME, PASSWORD, ADDRESS)
    waiting = await who(process, begun.bearer)
    assert begun.needs_code
    assert (waiting.must, waiting.grants) == ("code", ())
    assert type(await refused(process.logins.code(waiting, "000000"))) is BadLogin
    inside = await process.logins.code(waiting, pyotp.TOTP(secret).at(process.clock.now // 1000))
    assert (await who(process, inside)).grants
    assert (await who(process, begun.bearer)).kind == "nobody", "rights rose: the cookie is another"


async def test_a_code_lets_one_in_once_even_at_once_in_two_processes(pair: tuple[Services, Services]) -> None:
    one, other = pair
    secret = await enrolled(one)
    await one.password(ME)
    callers = [await who(one, (await one.logins.person(ME, PASSWORD, ADDRESS)).bearer) for _ in range(2)]
    code = pyotp.TOTP(secret).at(one.clock.now // 1000)
    outcomes = await asyncio.gather(one.logins.code(callers[0], code), other.logins.code(callers[1], code), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["BadLogin", "Bearer"]
    again = await who(one, (await one.logins.person(ME, PASSWORD, ADDRESS)).bearer)
    assert type(await refused(one.logins.code(again, code))) is BadLogin, "replayed"
    one.clock.now += 30_000
    assert await one.logins.code(again, pyotp.TOTP(secret).at(one.clock.now // 1000))


@pytest.mark.parametrize(("drift", "good"), [(-60, False), (-30, True), (30, True), (60, False)])
async def test_the_phones_clock_may_be_half_a_minute_off(process: Services, drift: int, good: bool) -> None:
    secret = await enrolled(process)
    await process.password(ME)
    waiting = await who(process, (await process.logins.person(ME, PASSWORD, ADDRESS)).bearer)
    code = pyotp.TOTP(secret).at(process.clock.now // 1000 + drift)
    if good:
        assert await process.logins.code(waiting, code)
    else:
        assert type(await refused(process.logins.code(waiting, code))) is BadLogin


async def test_codes_are_throttled(process: Services) -> None:
    secret = await enrolled(process)
    await process.password(ME)
    waiting = await who(process, (await process.logins.person(ME, PASSWORD, ADDRESS)).bearer)
    for _ in range(10):
        assert type(await refused(process.logins.code(waiting, "000000"))) is BadLogin
    assert type(await refused(process.logins.code(waiting, pyotp.TOTP(secret).at(process.clock.now // 1000)))) is TooMany


async def test_enrolling_asks_for_a_code_and_ends_the_other_sessions(process: Services) -> None:
    other, caller, secret = await process.sessions.begin(person=ME), await process.caller(ME), totp.new_secret()
    error = await refused(process.logins.enrol(caller, secret, "000000"))
    assert isinstance(error, Invalid)
    assert error.fields == {"code": "wrong"}
    assert await process.acts() == []
    code = pyotp.TOTP(secret).at(process.clock.now // 1000)
    inside = (await process.logins.enrol(caller, secret, code)).bearer
    assert (await who(process, inside)).must == ""
    assert (await who(process, other)).kind == "nobody"
    assert await process.acts() == ["self.totp"]
    await process.password(ME)
    waiting = await who(process, (await process.logins.person(ME, PASSWORD, ADDRESS)).bearer)
    assert type(await refused(process.logins.code(waiting, code))) is BadLogin, "the code of the enrolment is spent"
    row = await process.store.database.one(select(t.content.c.sealed).where(t.content.c.kind == "totp"))
    assert row
    assert secret.encode() not in row.sealed


async def test_a_first_second_factor_takes_the_password(process: Services) -> None:
    await process.password(ME)
    caller, secret = await process.caller(ME), totp.new_secret()
    code = pyotp.TOTP(secret).at(process.clock.now // 1000)
    for password, wrong in (("", "required"), ("a wrong word here", "wrong")):
        error = await refused(process.logins.enrol(caller, secret, code, password=password))
        assert isinstance(error, Invalid)
        assert error.fields == {"password": wrong}
    assert await process.acts() == []
    assert await process.logins.enrol(caller, secret, code, password=PASSWORD)


async def test_an_account_without_a_password_takes_a_fresh_login(process: Services) -> None:
    secret = totp.new_secret()
    process.clock.now += FRESH_MS
    code = pyotp.TOTP(secret).at(process.clock.now // 1000)
    assert type(await refused(process.logins.enrol(await process.caller(ME), secret, code))) is LoginStale
    fresh = await who(process, await process.sessions.begin(person=ME))
    assert await process.logins.enrol(fresh, secret, code)


async def test_another_second_factor_takes_a_code_of_the_one_before(process: Services) -> None:
    await process.password(ME)
    old = totp.new_secret()
    first = await process.logins.enrol(await process.caller(ME), old, pyotp.TOTP(old).at(process.clock.now // 1000), password=PASSWORD)
    process.clock.now += 60_000
    caller, new = await who(process, first.bearer), totp.new_secret()
    shown, mine = (pyotp.TOTP(one).at(process.clock.now // 1000) for one in (new, old))
    for current, wrong in (("", "required"), ("000000", "wrong"), (shown, "wrong"), ("0000 0000 0000", "wrong")):
        error = await refused(process.logins.enrol(caller, new, shown, password=PASSWORD, current=current))
        assert isinstance(error, Invalid)
        assert error.fields == {"current": wrong}
    assert await process.acts() == ["self.totp"], "and no recovery codes were shown"
    second = await process.logins.enrol(caller, new, shown, current=mine)
    caller = await who(process, second.bearer)
    process.clock.now += 60_000
    third, code = totp.new_secret(), second.codes[0]
    assert await process.logins.enrol(caller, third, pyotp.TOTP(third).at(process.clock.now // 1000), current=code)


async def test_what_shows_that_it_is_oneself_is_throttled(process: Services) -> None:
    await process.password(ME)
    caller, secret = await process.caller(ME), totp.new_secret()

    async def tried(password: str = "", current: str = "") -> AppError:
        code = pyotp.TOTP(secret).at(process.clock.now // 1000)
        return await refused(process.logins.enrol(caller, secret, code, password=password, current=current))

    assert [type(await tried(password=f"guess {n}")) for n in range(6)] == [Invalid] * 5 + [TooMany]
    assert type(await tried(password=PASSWORD)) is TooMany
    process.clock.now += 3_600_000
    caller = await who(process, (await process.logins.enrol(caller, secret, code_of(process, secret), password=PASSWORD)).bearer)
    assert [type(await tried(current=f"{n:06}")) for n in range(11)] == [Invalid] * 10 + [TooMany]


def code_of(process: Services, secret: str) -> str:
    return pyotp.TOTP(secret).at(process.clock.now // 1000)


@pytest.mark.parametrize("passed", [True, False])
async def test_a_new_password_says_of_the_second_factor_what_the_session_had(process: Services, passed: bool) -> None:
    await process.password(ME)
    secret = await enrolled(process, password=PASSWORD)
    if passed:
        halfway = await who(process, (await process.logins.person(ME, PASSWORD, ADDRESS)).bearer)
        caller = await who(process, await process.logins.code(halfway, code_of(process, secret)))
    else:  # the factor came meanwhile, in another browser
        caller = await who(process, await process.sessions.begin(person=ME))
    assert caller.second_factor is passed
    mine = await process.logins.change_password(caller, PASSWORD, NEW)
    assert (await who(process, mine)).must == ("" if passed else "code")


# --- the own account ---------------------------------------------------------------------------------------------------


async def test_a_password_change_ends_the_other_sessions_and_the_old_password(process: Services) -> None:
    await process.password(ME)
    other = (await process.logins.person(ME, PASSWORD, ADDRESS)).bearer
    caller = await process.caller(ME)
    mine = await process.logins.change_password(caller, PASSWORD, NEW)
    assert (await who(process, mine)).id == ME
    assert mine.id != caller.session
    assert (await who(process, other)).kind == "nobody"
    assert type(await refused(process.logins.person(ME, PASSWORD, ADDRESS))) is BadLogin
    assert await process.logins.person(ME, NEW, ADDRESS)
    assert await process.acts() == ["self.password"]


@pytest.mark.parametrize(("old", "new", "fields"), [("wrong", NEW, {"old": "wrong"}), (PASSWORD, "short", {"password": "short"})])
async def test_a_refused_change_changes_nothing(process: Services, old: str, new: str, fields: dict[str, str]) -> None:
    await process.password(ME)
    error = await refused(process.logins.change_password(await process.caller(ME), old, new))
    assert isinstance(error, Invalid)
    assert error.fields == fields
    assert await process.acts() == []
    assert await process.logins.person(ME, PASSWORD, ADDRESS)


async def test_of_two_password_changes_at_once_one_counts(pair: tuple[Services, Services]) -> None:
    one, other = pair
    await one.password(ME)
    callers = [await one.caller(ME), await who(one, await one.sessions.begin(person=ME))]
    words = ("the first new word", "the second new word")
    outcomes = await asyncio.gather(
        *(p.logins.change_password(c, PASSWORD, w) for p, c, w in zip(pair, callers, words, strict=True)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Bearer", "Invalid"]
    won = 0 if isinstance(outcomes[0], cookies.Bearer) else 1
    assert await other.logins.person(ME, words[won], ADDRESS)
    assert type(await refused(other.logins.person(ME, words[1 - won], ADDRESS))) is BadLogin
    assert await one.acts() == ["self.password"]


async def test_guessing_the_old_password_is_throttled(process: Services) -> None:
    await process.password(ME)
    caller = await process.caller(ME)
    for _ in range(5):
        assert type(await refused(process.logins.change_password(caller, "wrong", NEW))) is Invalid
    assert type(await refused(process.logins.change_password(caller, PASSWORD, NEW))) is TooMany


# --- one-time papers ---------------------------------------------------------------------------------------------------


async def test_an_invitation_makes_an_account_once(process: Services) -> None:
    token = await process.people.invite(await process.caller("x1.admin"), ME, "invitation")
    old = await process.sessions.begin(person=ME)
    bearer = await process.logins.redeem(token, "Wang.Fang", PASSWORD)
    caller = await who(process, bearer)
    assert (caller.id, caller.login) == (ME, "wang.fang")
    assert (await who(process, old)).kind == "nobody", "a new password ends what was begun with another"
    assert type(await refused(process.logins.redeem(token, "other", PASSWORD))) is LinkInvalid
    line = await process.line()
    assert (line.act, line.actor, line.target) == ("slip.invitation", ME, ME)


async def test_a_slip_is_not_spent_by_a_refusal(process: Services) -> None:
    token = await process.people.invite(await process.caller("x1.admin"), ME, "invitation")
    weak = await refused(process.logins.redeem(token, "wang.fang", "short"))
    assert isinstance(weak, Invalid)
    taken = await refused(process.logins.redeem(token, "X2.teacher", PASSWORD))
    assert (type(taken), taken.params) == (Taken, {"field": "login"})
    assert await process.logins.redeem(token, "wang.fang", PASSWORD)


async def test_a_reset_keeps_the_login_whatever_is_typed(process: Services) -> None:
    token = await process.people.invite(await process.caller("x1.admin"), ME, "reset")
    caller = await who(process, await process.logins.redeem(token, "somebody.else", PASSWORD))
    assert (caller.login, caller.epoch) == (ME, 2)


async def test_a_disabled_persons_slip_opens_nothing(process: Services) -> None:
    admin = await process.caller("x1.admin")
    token = await process.people.invite(admin, ME, "reset")
    await process.people.disable(admin, ME, 1, disabled=True)
    assert type(await refused(process.logins.redeem(token, "", PASSWORD))) is NotThere
