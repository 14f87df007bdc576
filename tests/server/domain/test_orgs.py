"""The tree of organisations as plain values (S2)."""

from __future__ import annotations

from itertools import product

from server.domain.orgs import TIERS, Classroom, below


def test_a_tier_may_be_skipped_but_never_turned_around() -> None:
    for tier, parent in product(TIERS, TIERS):
        assert below(tier, parent) is (TIERS.index(tier) > TIERS.index(parent))
        assert not (below(tier, parent) and below(parent, tier))
    assert below("county", "province")  # no city between them
    assert below("point", "school")
    assert not below("school", "school")
    assert not below("nation", "nation")


def test_what_hangs_under_what_is_transitive() -> None:
    for one, two, three in product(TIERS, repeat=3):
        assert not (below(one, two) and below(two, three)) or below(one, three)


def test_a_room_counts_its_seats() -> None:
    room = Classroom("r", "o", "1", "A", "both", 5, 8, "123456", None, 1)
    assert room.seats == 40
