"""Decides in rows what every subscriber gets of what publishers send. Pure."""

from media.relay.core import Relay
from media.relay.plans import LinkReport, RelayEvent, SlotUpdate, SlotWish, SourcePlan, SourceUpdate

__all__ = ["LinkReport", "Relay", "RelayEvent", "SlotUpdate", "SlotWish", "SourcePlan", "SourceUpdate"]
