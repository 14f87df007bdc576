"""The answer to a WHEP offer: named slots, each with an SSRC of its own for life (M5, M9, M10, M30)."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from media.errors import BadSlots, UnacceptableOffer
from media.transport.sdp import codecs, extmap
from media.transport.sdp.offer import Offer, read_offer
from media.transport.sdp.parse import Section
from media.transport.sdp.streams import read_ssrcs
from media.transport.sdp.values import Local, Policy, SubscriberAnswer
from media.transport.sdp.write import Accepted, write_answer
from media.wire.negotiated import Kind, PayloadType, SubscribedSlot

SLOT = re.compile(r"program\.(audio|camera|screen)|stage\.[1-4]\.(audio|video)|wall\.([1-9]|1[0-9]|2[0-5])\.video")
FEEDBACK = ("nack", "nack pli", "ccm fir")
RECEIVING = ("sendrecv", "recvonly")


@dataclass(slots=True)
class Identities:
    """SSRCs and CNAMEs of one session, drawn from the injected generator."""

    rng: random.Random
    taken: set[int]
    """SSRCs in use, the peer's included."""
    cnames: dict[str, str] = field(default_factory=dict)

    def ssrc(self) -> int:
        """A new SSRC, unique in the session."""
        while (ssrc := self.rng.randrange(1, 1 << 32)) in self.taken:
            pass
        self.taken.add(ssrc)
        return ssrc

    def cname(self, group: str) -> str:
        """The CNAME of a synchronisation group (RFC 7022 4.2: 96 random bits)."""
        return self.cnames.setdefault(group, f"{self.rng.getrandbits(96):024x}")


def answer_subscriber(offer: str, names: Sequence[str] | None, local: Local, policy: Policy, rng: random.Random) -> SubscriberAnswer:
    """Answer an offer that receives. With `names`, one for each m-line that can receive, in order; without, `plain.1`, `plain.2`, ….

    An m-line with no codec of ours keeps its name but is rejected with port 0: it is not among the slots.
    `BadSdp`, `UnacceptableOffer` (nothing in it we can send) or `BadSlots` (unknown, repeated or ill-fitting names).
    """
    parsed = read_offer(offer)
    usable = parsed.usable(RECEIVING)
    if not usable:
        raise UnacceptableOffer("no m-line receives audio or video")
    slots = _assign(parsed, usable, names)
    known = {ssrc for section in parsed.sections for pair in read_ssrcs(section).items() for ssrc in pair if ssrc is not None}
    answered, accepted = _answer_all(parsed, slots, policy, Identities(rng, known))
    if not accepted:
        raise UnacceptableOffer("no m-line with a codec we send")
    return SubscriberAnswer(write_answer(parsed, accepted, local), tuple(answered), parsed.peer)


def group_of(slot: str) -> str:
    """What plays in sync with the slot, its msid stream (M10): `program`, `stage.2`, `wall.3`."""
    group = slot.rpartition(".")[0]
    return "program" if group == "plain" else group


def _assign(offer: Offer, usable: Sequence[int], names: Sequence[str] | None) -> dict[int, str]:
    """Index of an m-line → its slot."""
    if names is None:
        return {index: f"plain.{count}" for count, index in enumerate(usable, 1)}
    if len(names) != len(usable) or len(set(names)) != len(names):
        raise BadSlots(f"{len(names)} slots for {len(usable)} m-lines, or a slot twice")
    for index, name in zip(usable, names, strict=True):
        if not SLOT.fullmatch(name):
            raise BadSlots(f"no such slot: {name[:40]!r}")
        if name.endswith(".audio") != (offer.sections[index].kind == "audio"):
            raise BadSlots(f"{name} does not fit an m-line of {offer.sections[index].kind}")
    return dict(zip(usable, names, strict=True))


def _answer_all(
    offer: Offer, slots: Mapping[int, str], policy: Policy, identities: Identities
) -> tuple[list[SubscribedSlot], dict[int, Accepted]]:
    answered: list[SubscribedSlot] = []
    accepted: dict[int, Accepted] = {}
    meanings: dict[int, str] = {}
    for index, slot in slots.items():
        found = _answer_one(offer.sections[index], slot, policy, identities, meanings)
        if found is not None:
            subscribed, accepted[index] = found
            answered.append(subscribed)
    return answered, accepted


def _answer_one(
    section: Section, slot: str, policy: Policy, identities: Identities, meanings: dict[int, str]
) -> tuple[SubscribedSlot, Accepted] | None:
    formats = codecs.read_formats(section)
    kind: Kind = "audio" if section.kind == "audio" else "video"
    chosen = codecs.choose_for_subscriber(formats, kind, policy.video_codecs)
    if not chosen:
        return None
    feedback = {payload.number: _feedback(payload, formats) for payload in chosen}
    wanted = extmap.TO_AUDIO if kind == "audio" else extmap.TO_VIDEO
    extmaps = extmap.choose(section, wanted, RECEIVING, extmap.ONE_BYTE_IDS, meanings)
    resends = any("nack" in messages for messages in feedback.values())
    subscribed = SubscribedSlot(
        mid=section.first("mid") or "",
        kind=kind,
        slot=slot,
        payload_types=chosen,
        extensions=extmap.extension_ids(extmaps),
        ssrc=identities.ssrc(),
        rtx_ssrc=identities.ssrc() if any(payload.rtx is not None for payload in chosen) else None,
        cname=identities.cname(group_of(slot)),
        nack=resends,
    )
    return subscribed, Accepted("sendonly", chosen, feedback, tuple(extmaps), tuple(_streams(subscribed)))


def _feedback(payload: PayloadType, formats: Sequence[codecs.Format]) -> tuple[str, ...]:
    """What of the offered feedback we heed: for audio nothing, NACK only where RTX answers it (M5)."""
    if payload.codec.name == "opus":
        return ()
    offered = next(found.feedback for found in formats if found.number == payload.number)
    return tuple(message for message in FEEDBACK if message in offered and (message != "nack" or payload.rtx is not None))


def _streams(slot: SubscribedSlot) -> list[str]:
    ssrcs = [slot.ssrc] if slot.rtx_ssrc is None else [slot.ssrc, slot.rtx_ssrc]
    return [
        f"msid:{group_of(slot.slot)} {slot.slot}",
        *([f"ssrc-group:FID {slot.ssrc} {slot.rtx_ssrc}"] if slot.rtx_ssrc is not None else []),
        *(f"ssrc:{ssrc} cname:{slot.cname}" for ssrc in ssrcs),
    ]
