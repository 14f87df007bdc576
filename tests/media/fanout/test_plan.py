from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media.fanout.plan import BATCH, MAX_CALL, Arena, partition, singles
from media.fanout.ring import Stored


def test_equal_sizes_leave_in_one_call_and_the_last_may_be_shorter():
    assert partition([1150] * 8) == [(0, 8)]
    assert partition([1150] * 7 + [300]) == [(0, 8)]
    assert partition([1150, 300, 1150]) == [(0, 2), (2, 1)]
    assert partition([300, 1150, 1150]) == [(0, 1), (1, 2)]
    assert partition([1150] * 64)[0] == (0, MAX_CALL // 1150)
    assert partition([100] * 70) == [(0, BATCH), (BATCH, 6)]
    assert partition([]) == []


@given(st.lists(st.integers(20, 2400), max_size=150))
def test_every_run_is_what_a_kernel_accepts(sizes):
    runs = partition(sizes)
    assert [at for first, count in runs for at in range(first, first + count)] == list(range(len(sizes)))
    for first, count in runs:
        run = sizes[first : first + count]
        assert count <= BATCH
        assert sum(run) <= MAX_CALL
        assert all(size == run[0] for size in run[:-1])
        assert run[-1] <= run[0]


def test_a_plan_lies_back_to_back_and_can_be_cut_again():
    arena = Arena()
    packets = [Stored(seq, 0, 96, bytearray(size), -1, None) for seq, size in ((5, 100), (4, 100), (6, 40))]
    plan = arena.plan(packets, 12, 16)
    assert (plan.min_seq, plan.max_seq, plan.octets, plan.count) == (4, 6, 240, 3)
    assert [(call.packets, len(call.view)) for call in plan.calls] == [(3, 128 + 128 + 68)]
    assert [len(call.view) for call in singles(plan.calls)] == [128, 128, 68]


def test_the_arena_has_room_for_the_largest_batch():
    packets = [Stored(seq, 0, 96, bytearray(2050), -1, None) for seq in range(BATCH)]
    plan = Arena().plan(packets, 12 + 264, 16)
    assert all(len(slot[6]) == 2050 + 16 for slot in plan.slots)
