"""Decides in rows what every subscriber gets of what publishers send, and in sinks what is recorded. Pure."""

from media.relay.core import Relay
from media.relay.plans import (
    CaptureEvent,
    CapturePlan,
    LinkReport,
    RelayEvent,
    SlotUpdate,
    SlotWish,
    SourcePlan,
    SourceUpdate,
    TrackBegun,
    TrackMoment,
    TrackOver,
    TracksKnown,
)

__all__ = [
    "CaptureEvent",
    "CapturePlan",
    "LinkReport",
    "Relay",
    "RelayEvent",
    "SlotUpdate",
    "SlotWish",
    "SourcePlan",
    "SourceUpdate",
    "TrackBegun",
    "TrackMoment",
    "TrackOver",
    "TracksKnown",
]
