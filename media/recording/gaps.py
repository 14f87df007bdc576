"""What is missing of a recording, each span with its one reason: sorted, merged, no consequence named beside its cause. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from media.client.manifest import Missing

NEAR_MS = 500
"""Losses this near to each other are one; a loss this near to a known cause is its consequence (a video waits for its next keyframe)."""
TOUCH_MS = 50
"""Spans of a known cause are one only if nothing plays in between: a worker that lived for a moment left a file."""
_LOSSES = ("publisher", "unplayable")


def settle(found: Iterable[Missing]) -> tuple[Missing, ...]:
    """Of all that was found, what to tell."""
    known = [one for one in found if one.end >= one.begin]
    causes = _merged([one for one in known if one.why != "publisher"])
    losses = [one for one in known if one.why == "publisher"]
    rest = [explained for one in losses if (explained := _explained(one, causes)) is not None]
    return tuple(sorted(_merged([*causes, *rest]), key=lambda one: (one.begin, one.end, one.track)))


def _explained(loss: Missing, causes: list[Missing]) -> Missing | None:
    """The loss with the reason of the cause it begins in; None if the cause says it all."""
    for cause in causes:
        if cause.track in ("", loss.track) and cause.begin - NEAR_MS <= loss.begin <= cause.end + NEAR_MS:
            if loss.end <= cause.end + NEAR_MS:
                return None
            begin = max(loss.begin, cause.end) if cause.why == "clock" else loss.begin  # no time passed in between
            return msgspec.structs.replace(loss, begin=begin, why=cause.why)
    return loss


def _merged(found: list[Missing]) -> list[Missing]:
    """Spans of the same track and reason that touch, or nearly, are one."""
    out: list[Missing] = []
    for one in sorted(found, key=lambda one: (one.track, one.why, one.begin)):
        last = out[-1] if out else None
        near = NEAR_MS if one.why in _LOSSES else TOUCH_MS
        if last is not None and (last.track, last.why) == (one.track, one.why) and one.begin <= last.end + near:
            out[-1] = msgspec.structs.replace(last, end=max(last.end, one.end))
        else:
            out.append(one)
    return out
