"""Streams of a publisher's m-line: simulcast by rid (RFC 8851, RFC 8853) and declared SSRCs (RFC 5576)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from media.errors import BadSdp
from media.transport.sdp.parse import Section, number

RID = re.compile(r"[A-Za-z0-9_\-]{1,16}")
"""RFC 8851 10, as long as a one-byte header extension carries."""
MAX_RIDS = 8
MAX_SSRCS = 64


@dataclass(frozen=True, slots=True)
class Simulcast:
    """The layers a publisher offers to send."""

    rids: tuple[str, ...] = ()
    """In the offer's order."""
    paused: frozenset[str] = frozenset()
    """Those it starts with paused (`~`)."""
    restrictions: Mapping[str, str] | None = None
    """rid → its restrictions, repeated in the answer (RFC 8851 6.3)."""

    def answer(self) -> list[str]:
        """Our `a=` values: the same rids, received, in the same order and state."""
        if not self.rids:
            return []
        extra = self.restrictions or {}
        lines = [f"rid:{rid} recv {extra[rid]}" if extra.get(rid) else f"rid:{rid} recv" for rid in self.rids]
        order = ";".join(f"~{rid}" if rid in self.paused else rid for rid in self.rids)
        return [*lines, f"simulcast:recv {order}"]


def read_simulcast(section: Section, payload_types: Sequence[int]) -> Simulcast:
    """What `a=simulcast:send` offers; of alternatives the first one we can take. Empty without usable simulcast."""
    offered = _send_rids(section, payload_types)
    words = (section.first("simulcast") or "").split()
    pairs = dict(zip(words[:4:2], words[1:4:2], strict=False))
    rids: list[str] = []
    paused = set()
    for group in pairs.get("send", "").split(";")[:MAX_RIDS]:
        choices = [name for name in group.split(",")[:MAX_RIDS] if name.removeprefix("~") in offered]
        if choices and (rid := choices[0].removeprefix("~")) not in rids:
            rids.append(rid)
            if choices[0].startswith("~"):
                paused.add(rid)
    return Simulcast(tuple(rids), frozenset(paused), {rid: offered[rid] for rid in rids})


def read_ssrcs(section: Section) -> dict[int, int | None]:
    """SSRC → its RTX SSRC. Of an old `SIM` group only the first stream counts: such simulcast is not answered."""
    declared = {_ssrc(value.partition(" ")[0]): None for value in section.all("ssrc")}
    if len(declared) > MAX_SSRCS or len(section.all("ssrc-group")) > MAX_SSRCS:
        raise BadSdp("too many SSRCs")
    found: dict[int, int | None] = dict(declared)
    groups = [_group(value) for value in section.all("ssrc-group")]
    for semantics, members in groups:
        if semantics == "FID" and len(members) == 2 and members[0] in found:
            found[members[0]] = members[1]
    secondary = {member for semantics, members in groups if semantics in ("FID", "FEC-FR") for member in members[1:]}
    layers = {member for semantics, members in groups if semantics == "SIM" for member in members[1:]}
    return {ssrc: rtx for ssrc, rtx in found.items() if ssrc not in secondary | layers}


def _send_rids(section: Section, payload_types: Sequence[int]) -> dict[str, str]:
    """Restrictions by rid, of every `a=rid:… send` that allows one of the payload types."""
    found: dict[str, str] = {}
    for value in section.all("rid")[: 4 * MAX_RIDS]:
        rid, direction, restrictions, *_ = [*value.split(maxsplit=2), "", "", ""]
        kept = _restrict(restrictions, payload_types)
        if RID.fullmatch(rid) and direction == "send" and kept is not None:
            found[rid] = kept
    return found


def _restrict(restrictions: str, payload_types: Sequence[int]) -> str | None:
    """The restrictions with `pt=` narrowed to the answered payload types; None if none is left."""
    kept = []
    for part in filter(None, restrictions.strip().split(";")):
        if part.startswith("pt="):
            allowed = [payload for payload in part[3:].split(",") if payload in map(str, payload_types)]
            if not allowed:
                return None
            part = f"pt={','.join(allowed)}"
        kept.append(part)
    return ";".join(kept)


def _group(value: str) -> tuple[str, tuple[int, ...]]:
    semantics, *members = value.split()[: MAX_SSRCS + 1] or [""]
    return semantics, tuple(_ssrc(member) for member in members)


def _ssrc(text: str) -> int:
    return number(text, 0, 0xFFFF_FFFF)
