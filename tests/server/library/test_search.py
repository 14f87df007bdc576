"""Finding: by words that are text and nothing else, by facets, page by page; and only what one may see."""

from __future__ import annotations

import pytest

from server.errors import Forbidden, Invalid
from server.library.fields import Wanted
from server.library.search import PAGE, VALUES, Branch, Found, find
from tests.harness.postgres import both_databases
from tests.server.library.taught import drafted, published
from tests.server.services import Services

pytestmark = both_databases


async def search(process: Services, who: str = "x2.teacher", **wanted: str) -> Found:
    return await find(process.store.database, await process.caller(who), Wanted(**wanted))


def ids(found: Found) -> list[str]:
    return [card.id for card in found.cards]


@pytest.fixture
async def shelf(process: Services) -> Services:
    """Five of county x, one of county y, one draft."""
    database = process.store.database
    await published(database, "r1", at=1, unit="第八单元")
    await published(database, "r2", at=2, title="几分之几", grade="4", volume="下册")
    await published(database, "r3", "x2", at=3, title="静夜思", subject="chinese", edition="统编版")
    await published(database, "r4", "x1p", at=4, title="100%_的\\认识", subject="maths", stage="junior", teacher="x1.teacher")
    await published(database, "r5", at=5, title="English ABC", subject="english")
    await published(database, "other", "y1", at=6)
    await drafted(database, "draft")
    return process


async def test_the_newest_first_of_the_own_county(shelf: Services) -> None:
    found = await search(shelf)
    assert ids(found) == ["r5", "r4", "r3", "r2", "r1"]
    assert (found.cards[2].school, found.cards[2].title, found.after) == ("石桥二小", "静夜思", "")
    assert ids(await search(shelf, "y1.teacher")) == ["other"]
    assert len(ids(await search(shelf, "n.admin"))) == 6
    assert ids(await search(shelf, "x1.c1.s1")) == ids(await search(shelf, "x1p.d1")) == ids(found)
    with pytest.raises(Forbidden):
        await search(shelf, "x1.c1.s1.parent")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("分", ["r2", "r1"]),
        ("认识", ["r4", "r1"]),
        ("第八", ["r1"]),
        ("二小", ["r3"]),
        ("石桥 几分", ["r2"]),
        ("几分 夜思", []),
        ("abc", ["r5"]),
        ("%", ["r4"]),
        ("_", ["r4"]),
        ("\\", ["r4"]),
        ("/", []),
        ("' OR 1=1 --", []),
        ("'; DROP TABLE resource; --", []),
        ('")) UNION SELECT * FROM person --', []),
        (":q", []),
        ("   ", ["r5", "r4", "r3", "r2", "r1"]),
    ],
)
async def test_words_are_text(shelf: Services, text: str, expected: list[str]) -> None:
    found = await search(shelf, q=text)
    assert ids(found) == expected
    assert sum(count for _, count in found.facets["grade"]) == len(expected)
    assert len(ids(await search(shelf))) == 5, "nothing was done to the tables"


async def test_facets_count_what_another_choice_would_find(shelf: Services) -> None:
    found = await search(shelf, subject="maths")
    assert ids(found) == ["r4", "r2", "r1"]
    assert dict(found.facets["subject"]) == {"maths": 3, "chinese": 1, "english": 1}
    assert dict(found.facets["grade"]) == {"3": 2, "4": 1}
    assert dict(found.facets["unit"]) == {"第八单元": 1}
    narrow = await search(shelf, subject="maths", grade="4", stage="primary", edition="人教版", volume="下册")
    assert ids(narrow) == ["r2"]
    assert ids(await search(shelf, subject="maths' OR '1'='1")) == []
    assert dict((await search(shelf, "y1.teacher")).facets["subject"]) == {"maths": 1}, "counts leak nothing of other counties"


async def test_the_tree_of_textbooks_leads_to_every_unit(shelf: Services) -> None:
    found = await search(shelf, subject="chinese")
    primary = next(one for one in found.tree if one.value == "primary")
    assert (primary.name, primary.count) == ("stage", 4)

    def leaves(branch: Branch) -> list[Branch]:
        return [leaf for below in branch.below for leaf in leaves(below)] or [branch]

    for branch in found.tree:
        for leaf in leaves(branch):
            assert len(ids(await search(shelf, **leaf.chosen))) == leaf.count
    assert {leaf.name for leaf in leaves(primary)} == {"volume", "unit"}


async def test_page_by_page_everything_once(process: Services) -> None:
    database, many = process.store.database, 2 * PAGE + 3
    for n in range(many):
        await published(database, f"r{n:03}", at=n // 7)  # some at the same moment
    pages, after = [], ""
    while not pages or after:
        found = await search(process, after=after)
        pages.append(ids(found))
        after = found.after
    assert [len(one) for one in pages] == [PAGE, PAGE, 3]
    every = [one for page in pages for one in page]
    assert every == [f"r{n:03}" for n in reversed(range(many))]
    with pytest.raises(Invalid):
        await search(process, after=f"{2**53 + 1}.r1")


async def test_facets_are_bounded(process: Services) -> None:
    for n in range(VALUES + 5):
        await published(process.store.database, f"r{n}", at=n, unit=f"第{n}单元")
    assert len((await search(process)).facets["unit"]) == VALUES
