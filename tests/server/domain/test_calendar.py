"""Weeks, holidays, make-up days (调休), bells and the hours of a time zone (S9)."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.domain.calendar import (
    BadWeeks,
    Bell,
    Slot,
    Term,
    TermDay,
    bell_on,
    bell_problems,
    days_of,
    moment,
    parse_weeks,
    term_problems,
)

FIRST = date(2026, 9, 1)
"""A Tuesday: week 1 begins on the day before."""
HOUR = 3_600_000
DAY = timedelta(days=1)


def term(length: int = 140, *special: TermDay) -> Term:
    return Term("t", "o", "T", FIRST, FIRST + length * DAY, FIRST - DAY, 1, {one.day: one for one in special})


def slot(weekday: int, weeks: str = "all") -> Slot:
    return Slot("s", weekday, 1, weeks)


lengths = st.integers(1, 200)
weekdays = st.integers(1, 7)
offsets = st.integers(0, 140)
hours = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))


# --- weeks -------------------------------------------------------------------------------------------------------------


@given(st.integers(1, 60))
def test_odd_and_even_weeks_are_all_weeks_and_none_is_both(last: int) -> None:
    odd, even = parse_weeks("odd", last), parse_weeks(" EVEN ", last)
    assert odd | even == parse_weeks("all", last) == set(range(1, last + 1))
    assert not odd & even
    assert all(week % 2 == 1 for week in odd)


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 10)), min_size=1, max_size=5),
    st.integers(1, 40),
    st.sampled_from([",", "，", ", "]),
)
def test_numbers_and_ranges(parts: list[tuple[int, int]], last: int, comma: str) -> None:
    text = comma.join(str(begin) if not more else f"{begin}-{begin + more}" for begin, more in parts)
    meant = {week for begin, more in parts for week in range(begin, begin + more + 1)}
    assert parse_weeks(text, last) == {week for week in meant if week <= last}


@pytest.mark.parametrize("text", ["", "0", "0-3", "5-3", "1-", "a", "1;2", "1--2", "-1", "100", "odd,1", "1 2", "²"])
def test_weeks_that_cannot_be_read(text: str) -> None:
    with pytest.raises(BadWeeks):
        parse_weeks(text, 20)


@given(st.text(max_size=12))
def test_any_text_is_weeks_of_the_term_or_refused(text: str) -> None:
    with contextlib.suppress(BadWeeks):
        assert parse_weeks(text, 20) <= set(range(1, 21))


@given(offsets)
def test_a_week_begins_on_monday(offset: int) -> None:
    day = FIRST + offset * DAY
    assert term().week(day) == 1 + (offset + 1) // 7
    assert term().week(day + 7 * DAY) == term().week(day) + 1
    assert term().week(FIRST - 2 * DAY) == 0


# --- days of a slot ----------------------------------------------------------------------------------------------------


@given(lengths, weekdays)
def test_the_days_of_a_slot(length: int, weekday: int) -> None:
    one = term(length)
    days = days_of(one, slot(weekday))
    assert days == [day for day in one.every_day() if day.isoweekday() == weekday]
    odd, even = days_of(one, slot(weekday, "odd")), days_of(one, slot(weekday, "even"))
    assert sorted(odd + even) == days
    assert {one.week(day) % 2 for day in odd} <= {1}
    assert all(later - earlier == 14 * DAY for earlier, later in pairwise(odd))


@given(offsets, weekdays, st.sampled_from(["all", "odd", "even", "1-8,10"]))
def test_a_holiday_takes_its_own_lessons_away_and_no_others(offset: int, weekday: int, weeks: str) -> None:
    off = TermDay(FIRST + offset * DAY, "off", None, "放假")
    usual = days_of(term(), slot(weekday, weeks))
    assert days_of(term(140, off), slot(weekday, weeks)) == [day for day in usual if day != off.day]


@given(offsets, st.integers(0, 19), weekdays, st.sampled_from(["all", "odd", "even", "3"]))
def test_a_make_up_day_holds_the_lessons_of_the_day_it_stands_for(offset: int, week: int, weekday: int, weeks: str) -> None:
    like = FIRST + offset * DAY
    saturday = FIRST + timedelta(days=4 + 7 * week)
    assume(like != saturday)
    usual = days_of(term(), slot(weekday, weeks))
    off, work = TermDay(like, "off", None, "国庆"), TermDay(saturday, "work", like, "调休")
    moved = days_of(term(140, off, work), slot(weekday, weeks))
    assert like not in moved
    assert (saturday in moved) is (like in usual)  # weekday and week of the day it stands for, parity included
    assert [day for day in moved if day != saturday] == [day for day in usual if day not in (like, saturday)]
    if saturday not in usual:
        assert len(moved) == len(usual)  # moved, never doubled


def test_the_national_day_week_of_2026() -> None:
    special = [TermDay(date(2026, 10, n), "off", None, "国庆") for n in range(1, 8)]
    special.append(TermDay(date(2026, 10, 10), "work", date(2026, 10, 5), "调休"))
    one = term(140, *special)
    assert not term_problems(one)
    mondays = days_of(one, slot(1))
    assert date(2026, 10, 5) not in mondays
    assert date(2026, 10, 10) in mondays
    assert one.week(date(2026, 10, 5)) == 6
    assert date(2026, 10, 10) in days_of(one, slot(1, "even"))
    assert date(2026, 10, 10) not in days_of(one, slot(1, "odd"))
    assert date(2026, 10, 10) not in days_of(one, slot(6))


@given(st.integers(-400, 400))
def test_outside_the_term_there_are_no_lessons(offset: int) -> None:
    day = FIRST + offset * DAY
    assert term(100).teaches_as(day) == (day if 0 <= offset <= 100 else None)


def test_what_is_wrong_with_a_term() -> None:
    assert term_problems(term()) == {}
    assert term_problems(Term("t", "o", "T", FIRST, FIRST - DAY, FIRST - DAY, 1)) == {"last_day": "low"}
    assert term_problems(term(251)) == {"last_day": "high"}
    assert term_problems(Term("t", "o", "T", FIRST, FIRST + DAY, FIRST, 1)) == {"week_one": "choice"}
    assert term_problems(Term("t", "o", "T", FIRST, FIRST + DAY, FIRST - 36 * DAY, 1)) == {"week_one": "choice"}
    like, work = date(2026, 10, 5), date(2026, 10, 10)
    assert term_problems(term(140, TermDay(work, "work", like, ""))) == {"day.2026-10-10": "choice"}
    assert term_problems(term(140, TermDay(work, "work", None, ""))) == {"day.2026-10-10": "choice"}
    twice = [TermDay(like, "off", None, ""), TermDay(work, "work", like, ""), TermDay(work + DAY, "work", like, "")]
    assert term_problems(term(140, *twice)) == {"day.2026-10-11": "choice"}


# --- bells -------------------------------------------------------------------------------------------------------------


@given(st.lists(offsets, unique=True, max_size=6), offsets)
def test_the_bell_that_counts_is_the_latest_that_has_begun(begins: list[int], offset: int) -> None:
    bells = [Bell(str(n), "o", "B", FIRST + n * DAY, 1) for n in begins]
    found = bell_on(bells, FIRST + offset * DAY)
    begun = [n for n in begins if n <= offset]
    assert (found.id if found else None) == (str(max(begun)) if begun else None)
    assert bell_on(reversed(bells), FIRST + offset * DAY) == found


@given(st.lists(st.integers(0, 24 * 60 - 1), min_size=2, max_size=40, unique=True).filter(lambda n: len(n) % 2 == 0))
def test_periods_follow_each_other(minutes: list[int]) -> None:
    times = [f"{minute // 60:02}:{minute % 60:02}" for minute in sorted(minutes)]
    periods = {n + 1: (times[2 * n], times[2 * n + 1]) for n in range(len(times) // 2)}
    assert bell_problems(periods) == {}
    turned = {number: (ends, begins) for number, (begins, ends) in periods.items()}
    assert set(bell_problems(turned)) == {f"period.{number}" for number in periods}
    if len(periods) > 1:
        assert bell_problems({1: periods[2], 2: periods[1]}) == {"period.2": "low"}


# --- time zones --------------------------------------------------------------------------------------------------------


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), hours)
def test_in_china_every_day_has_twenty_four_hours(day: date, hour: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    assert moment(day + DAY, hour, zone) - moment(day, hour, zone) == 24 * HOUR
    assert moment(day, hour, zone) == moment(day, hour, UTC) - 8 * HOUR


@given(st.dates(date(2020, 1, 1), date(2036, 1, 1)), st.integers(4, 22))
def test_where_clocks_change_the_bell_still_rings_at_its_hour(day: date, hour: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    at = moment(day, f"{hour:02}:30", zone)
    local = datetime.fromtimestamp(at / 1000, zone)
    assert (local.date(), local.hour, local.minute) == (day, hour, 30)
    assert moment(day + DAY, f"{hour:02}:30", zone) - at in (23 * HOUR, 24 * HOUR, 25 * HOUR)


def test_the_days_on_which_clocks_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    spring, autumn = date(2027, 3, 28), date(2027, 10, 31)
    assert moment(spring, "08:00", zone) - moment(spring - DAY, "08:00", zone) == 23 * HOUR
    assert moment(autumn, "08:00", zone) - moment(autumn - DAY, "08:00", zone) == 25 * HOUR
    assert moment(autumn, "02:30", zone) < moment(autumn, "03:30", zone)
