"""What the log names by opaque ids only, for projections (S20)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from server.domain.payload import TextRef


@dataclass(frozen=True, slots=True)
class Lookup:
    """Names and texts of one lesson."""

    names: Mapping[str, str] = field(default_factory=dict)
    """Participant → what people call it."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Content id → text; an erased one is missing."""

    def name(self, participant: str) -> str:
        """What people call a participant; empty where nobody knows."""
        return self.names.get(participant, "")

    def text(self, ref: TextRef) -> str | None:
        """The text; None: it was erased, and pages say so."""
        return self.texts.get(ref.id)

    def plain(self, value: object) -> Any:
        """A payload or a part of one as JSON would have it, references replaced by their texts."""
        if isinstance(value, TextRef):
            return self.text(value)
        if isinstance(value, Struct):
            return {name: self.plain(getattr(value, name)) for name in value.__struct_fields__}
        if isinstance(value, tuple):
            return [self.plain(one) for one in value]
        if isinstance(value, dict):
            return {str(key): self.plain(one) for key, one in value.items()}
        return value
