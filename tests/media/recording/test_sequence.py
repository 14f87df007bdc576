"""Whatever order packets arrive in, they leave in order, once, and what is missing is named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media.recording.records import Packet
from media.recording.sequence import HELD, RESTART, WAIT_NS, Lost, Sequencer

MS = 1_000_000


def packet(seq: int, arrival: int) -> Packet:
    return Packet(1, 0, 96, seq, 0, arrival, b"x")


def run(arrivals: list[tuple[int, int]]) -> list[int | str]:
    order = Sequencer()
    found = [one for seq, arrival in arrivals for one in order.push(packet(seq, arrival))]
    return [f"lost {one.count}" if isinstance(one, Lost) else one.seq for one in [*found, *order.drain()]]


def test_in_order() -> None:
    assert run([(n, n * MS) for n in range(5, 9)]) == [5, 6, 7, 8]


def test_late_packets_are_waited_for() -> None:
    assert run([(1, 0), (3, 1), (4, 2), (2, WAIT_NS - 1), (5, WAIT_NS)]) == [1, 2, 3, 4, 5]


def test_not_for_ever() -> None:
    assert run([(1, 0), (3, 1), (4, 2), (5, WAIT_NS + 2), (2, WAIT_NS + 3)]) == [1, "lost 1", 3, 4, 5]
    order = Sequencer()
    assert len(order.push(packet(1, 0))) == 1
    assert order.push(packet(3, 1)) == ()
    assert order.expire(WAIT_NS) == ()
    assert [type(one) for one in order.expire(WAIT_NS + 2)] == [Lost, Packet]


def test_a_burst_behind_a_hole_is_bounded() -> None:
    assert run([(1, 0), *((n, 1) for n in range(3, HELD + 5))])[:3] == [1, "lost 1", 3]


def test_a_source_that_begins_anew_is_no_loss_of_thousands() -> None:
    assert run([(1, 0), (2 + 70_000, 1), (3 + 70_000, 2)]) == [1, "lost 0", 70_002, 70_003]
    assert run([(RESTART * 9, 0), (5, 1), (6, 2)]) == [RESTART * 9, "lost 0", 5, 6]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=80))
def test_order_and_number(numbers: list[int]) -> None:
    """Everything within the wait: sorted, each once, from the first on; the counts of what is lost fill the holes."""
    found = run([(seq, at) for at, seq in enumerate(numbers)])
    expected: list[int | str] = []
    for seq in sorted({n for n in numbers if n >= numbers[0]}):
        if expected and isinstance(expected[-1], int) and seq > expected[-1] + 1:
            expected.append(f"lost {seq - expected[-1] - 1}")
        expected.append(seq)
    assert found == expected
