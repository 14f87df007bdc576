"""The wrong-answer book (错题): what was answered wrongly in lessons, by class and by student. Who may see students sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from server.accounts.caller import Caller
from server.accounts.office import Office, target
from server.domain.masking import masked_name
from server.domain.orgs import Org, SchoolClass, Student
from server.domain.payload import text_refs
from server.domain.permissions import Where
from server.errors import NotThere, SheetTooLarge
from server.store.book import BookCard, BookPage, BookStore

MOST_EXPORTED = 20_000
"""Answers in one file."""


@dataclass(frozen=True, slots=True)
class Pupil:
    """Whose answers they are."""

    number: str
    """Empty: erased."""
    name: str
    """Masked unless the caller asked for names, and may."""


@dataclass(frozen=True, slots=True)
class Book:
    """A part of the book, opened."""

    school_class: SchoolClass
    org: Org
    pupils: Mapping[str, Pupil]
    """Student → who that is."""
    cards: Sequence[BookCard]
    """The latest first."""
    texts: Mapping[str, str]
    """Texts of the cards and answers by id; erased ones are missing."""
    before: int | None
    """As `BookPage.before`."""


async def of_class(office: Office, who: Caller, class_id: str, before: int | None = None, *, full: bool = False) -> Book:
    """Everybody's of a class. Raises `NotThere`, `Forbidden`."""
    group, org = await office.school_class(who, class_id, "student.see")
    students = await office.students.of_class(group.id)
    found = await BookStore(office.database).of({one.id for one in students}, before)
    return await _opened(office, group, org, students, found, full=full)


async def of_student(office: Office, who: Caller, student_id: str, before: int | None = None) -> Book:
    """One student's: for the school, the student, the parents. Raises `NotThere`, `Forbidden`."""
    one = (await office.students.many([student_id])).get(student_id)
    group = await office.classes.get(one.school_class) if one else None
    org = await office.orgs.get(group.org) if group else None
    if one is None or group is None or org is None:
        raise NotThere
    hidden = None if who.may("org.see", Where(path=org.path)) else NotThere()
    who.need("student.see", Where(path=org.path, subject=one.id), hidden=hidden)
    own = any(grant.subject == one.id for grant in who.grants)
    return await _opened(office, group, org, [one], await BookStore(office.database).of({one.id}, before), full=own)


async def export(office: Office, who: Caller, class_id: str) -> Book:
    """All of a class, with names. Leaves a line. Raises as `of_class`, and `SheetTooLarge`."""
    group, org = await office.school_class(who, class_id, "student.see")
    students = await office.students.of_class(group.id)
    found = await BookStore(office.database).of({one.id for one in students}, limit=MOST_EXPORTED)
    if found.before is not None:
        raise SheetTooLarge(what="rows", limit=MOST_EXPORTED)
    rows = sum(len(card.wrong) for card in found.cards)
    await office.acts.do(who, "book.export", target("class", group.id, org), _nothing, details={"rows": rows})
    return await _opened(office, group, org, students, found, full=True)


async def _opened(office: Office, group: SchoolClass, org: Org, students: Collection[Student], found: BookPage, *, full: bool) -> Book:
    refs = {ref.id for card in found.cards for said in (card.card, *card.wrong.values()) for ref in text_refs(said)}
    names = {text for one in students for text in (one.number, one.name) if text}
    texts = await office.contents.texts(refs | names)
    pupils = {}
    for one in students:
        name = texts.get(one.name or "", "")
        pupils[one.id] = Pupil(texts.get(one.number, ""), name if full else masked_name(name))
    return Book(group, org, pupils, found.cards, texts, found.before)


async def _nothing(_: object) -> None:
    """A line of the audit is all there is to write."""
