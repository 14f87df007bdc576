"""Lines of the audit as people read them: names opened from contents, codes as sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from server.accounts.contents import Contents, text_of
from server.store.audit import AuditLine, AuditLines, Called

Words = Callable[[str], str]
"""The sentence of a key in the reader's language; the key itself where there is none."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line. `actor` and `target` are None where the name was erased."""

    line: AuditLine
    actor: str | None
    act: str
    target_kind: str
    target: str | None
    origin: str | None
    """None: erased; empty: none was noted."""
    details: tuple[tuple[str, str], ...]


async def shown(lines: Sequence[AuditLine], reader: AuditLines, contents: Contents, words: Words) -> list[ShownLine]:
    """The lines with everything opened. Raises `Sealed`."""
    called = await reader.called({one for line in lines for one in (line.actor, line.target)})
    sealed = {name.content for name in called.values() if name.content}
    texts = await contents.texts({*sealed, *(line.origin for line in lines if line.origin)})

    def name(row: str) -> str | None:
        known = called.get(row, Called(row))
        return known.name or text_of(texts, known.content)

    return [
        ShownLine(
            line,
            words(f"audit.actor.{line.actor_kind}") if line.actor_kind in ("system", "nobody") else name(line.actor),
            known_word(words, "act", line.act),
            known_word(words, "audit.kind", line.target_kind),
            name(line.target),
            text_of(texts, line.origin) if line.origin else "",
            _details(line),
        )
        for line in lines
    ]


def known_word(words: Words, family: str, code: str) -> str:
    """The word for a code, the code itself where the catalogue has none."""
    key = f"{family}.{code}"
    return code if (word := words(key)) == key else word


def _details(line: AuditLine) -> tuple[tuple[str, str], ...]:
    said: dict[str, Any] = msgspec.json.decode(line.details)
    return tuple((key, str(value)) for key, value in said.items())
