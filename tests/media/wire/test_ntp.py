from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media.wire.ntp import from_ntp, middle, ntp, ntp_from_ns


def test_epochs():
    assert ntp(0) == 2_208_988_800 << 32
    assert ntp_from_ns(500_000_000) == (2_208_988_800 << 32) + (1 << 31)
    assert from_ntp(ntp(1_700_000_000.25)) == 1_700_000_000.25


def test_middle_is_lsr():
    assert middle(0x1122334455667788) == 0x33445566


@given(st.integers(0, 2_000_000_000 * 10**9))
def test_nanoseconds_agree_with_seconds(ns):
    assert abs(from_ntp(ntp_from_ns(ns)) - ns / 1e9) < 1e-5
    assert abs(ntp(ns / 1e9) - ntp_from_ns(ns)) < 1 << 14
