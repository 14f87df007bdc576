"""Publish/subscribe and presence."""

from server.bus.interface import Bus, Listener
from server.bus.local import LocalBus
from server.bus.notes import AnyNote, Head, Here, Revoked, Signalled, Spoken

__all__ = ["AnyNote", "Bus", "Head", "Here", "Listener", "LocalBus", "Revoked", "Signalled", "Spoken"]
