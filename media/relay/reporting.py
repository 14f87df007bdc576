"""Link health of one session since the last report."""

from __future__ import annotations

from media.relay.context import SECOND
from media.relay.plans import LinkReport
from media.relay.publisher import Publisher
from media.relay.received import NO_LEVEL
from media.relay.speaker import SILENT
from media.relay.subscriber import Subscriber


def _kbit(octets: int, since: int, now: int) -> float:
    """kbit/s; 0 for the first report, which has no interval."""
    return octets * 8 * SECOND / 1000 / (now - since) if 0 < since < now else 0.0


def publisher_report(publisher: Publisher, now: int) -> LinkReport:
    """Rate and loss of what came from a publisher, and its loudest packet."""
    at, octets, expected, received = publisher.reported
    totals = publisher.totals()
    publisher.reported = (now, *totals)
    span = totals[1] - expected
    lost = span - (totals[2] - received)
    level = float(publisher.level) if publisher.level != NO_LEVEL else SILENT
    publisher.level = NO_LEVEL
    return LinkReport(
        session=publisher.session,
        rtt_ms=-1.0,
        loss=min(1.0, max(0.0, lost / span)) if span > 0 else 0.0,
        kbit_in=_kbit(totals[0] - octets, at, now),
        kbit_out=0.0,
        audio_level=level,
    )


def subscriber_report(subscriber: Subscriber, now: int) -> LinkReport:
    """Rate towards a subscriber, and loss and round trip as its reports say."""
    octets = 0
    for slot in subscriber.slots.values():
        total = slot.counters().octets
        octets += max(0, total - slot.octets_reported)
        slot.octets_reported = total
    losses = [slot.loss for slot in subscriber.slots.values() if slot.layer is not None]
    at, subscriber.reported_at = subscriber.reported_at, now
    return LinkReport(
        session=subscriber.session,
        rtt_ms=-1.0 if subscriber.rtt is None else subscriber.rtt / 1e6,
        loss=sum(losses) / len(losses) if losses else 0.0,
        kbit_in=0.0,
        kbit_out=_kbit(octets, at, now),
        audio_level=SILENT,
    )
