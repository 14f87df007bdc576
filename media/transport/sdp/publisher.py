"""The answer to a WHIP offer (RFC 9725; M9, M21, M31, M32)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from media.errors import BadSlots, UnacceptableOffer
from media.transport.sdp import codecs, extmap
from media.transport.sdp.offer import Offer, read_offer
from media.transport.sdp.parse import Section
from media.transport.sdp.streams import Simulcast, read_simulcast, read_ssrcs
from media.transport.sdp.values import Local, Policy, PublisherAnswer
from media.transport.sdp.write import Accepted, write_answer
from media.wire.negotiated import ExtensionIds, Kind, PayloadType, PublishedMedia

SOURCES: dict[str, Kind] = {"mic": "audio", "camera": "video", "screen": "video"}
FEEDBACK = ("transport-cc", "nack", "nack pli", "ccm fir")
"""Not `goog-remb`: a publisher that was promised our estimate and gets none may hold its rate down."""
SENDING = ("sendrecv", "sendonly")


def answer_publisher(offer: str, names: Sequence[str], local: Local, policy: Policy) -> PublisherAnswer:
    """Answer an offer that sends.

    Names and m-lines of one kind are paired in order, so that `mic, camera` fits a client that offers its video first.
    m-lines beyond the names are rejected with port 0, names beyond the m-lines stay unpublished.
    `BadSdp`, `UnacceptableOffer` (nothing in it we can receive) or `BadSlots` (unknown or repeated names, none that fits).
    """
    _check(names)
    parsed = read_offer(offer)
    usable = parsed.usable(SENDING)
    sources = _assign(parsed, usable, names)
    if usable and not sources:
        raise BadSlots(f"no m-line fits {', '.join(names)}")
    media, accepted = _answer_all(parsed, sources, policy)
    if not accepted:
        raise UnacceptableOffer("no m-line with a codec we take")
    return PublisherAnswer(write_answer(parsed, accepted, local), tuple(media), parsed.peer)


def _check(names: Sequence[str]) -> None:
    if not names or len(set(names)) != len(names) or not set(names) <= SOURCES.keys():
        raise BadSlots("sources are mic, camera, screen, each at most once")


def _assign(offer: Offer, usable: Sequence[int], names: Sequence[str]) -> dict[int, str]:
    """Index of an m-line → its name."""
    free = list(names)
    assigned = {}
    for index in usable:
        name = next((name for name in free if SOURCES[name] == offer.sections[index].kind), None)
        if name is not None:
            free.remove(name)
            assigned[index] = name
    return assigned


def _answer_all(offer: Offer, sources: Mapping[int, str], policy: Policy) -> tuple[list[PublishedMedia], dict[int, Accepted]]:
    media: list[PublishedMedia] = []
    accepted: dict[int, Accepted] = {}
    meanings: dict[int, str] = {}
    seen: set[int] = set()
    for index, source in sources.items():
        found = _answer_one(offer.sections[index], source, policy, meanings)
        if found is not None:
            published, accepted[index] = found
            media.append(_distinct(published, seen))
    return media, accepted


def _answer_one(section: Section, source: str, policy: Policy, meanings: dict[int, str]) -> tuple[PublishedMedia, Accepted] | None:
    formats = codecs.read_formats(section)
    kind = SOURCES[source]
    chosen = codecs.choose_for_publisher(formats, kind, policy.video_codecs)
    if not chosen:
        return None
    wanted = extmap.FROM_AUDIO if kind == "audio" else extmap.FROM_VIDEO
    extmaps = extmap.choose(section, wanted, SENDING, range(256), meanings)
    ids = extmap.extension_ids(extmaps)
    offered = next(found.feedback for found in formats if found.number == chosen[0].number)
    feedback = _feedback(offered, ids)
    simulcast = read_simulcast(section, [chosen[0].number]) if ids.rid and kind == "video" else Simulcast()
    answer = Accepted("recvonly", chosen, {chosen[0].number: feedback}, tuple(extmaps), tuple(simulcast.answer()))
    return _published(section, source, chosen, ids, feedback, simulcast), answer


def _published(
    section: Section, source: str, chosen: tuple[PayloadType, ...], ids: ExtensionIds, feedback: tuple[str, ...], simulcast: Simulcast
) -> PublishedMedia:
    return PublishedMedia(
        mid=section.first("mid") or "",
        kind=SOURCES[source],
        source=source,
        payload_types=chosen,
        extensions=ids,
        rids=simulcast.rids,
        ssrcs=read_ssrcs(section),
        nack="nack" in feedback,
        pli="nack pli" in feedback,
        transport_cc="transport-cc" in feedback,
    )


def _feedback(offered: frozenset[str], ids: ExtensionIds) -> tuple[str, ...]:
    """What of the offered feedback we send; transport-cc needs its extension."""
    return tuple(message for message in FEEDBACK if message in offered and (message != "transport-cc" or ids.transport_cc))


def _distinct(media: PublishedMedia, seen: set[int]) -> PublishedMedia:
    """The m-line without SSRCs that an earlier one declared: the first declaration counts."""
    ssrcs = {}
    for ssrc, rtx in media.ssrcs.items():
        if ssrc not in seen:
            ssrcs[ssrc] = None if rtx in seen else rtx
            seen |= {ssrc} if rtx is None else {ssrc, rtx}
    return replace(media, ssrcs=ssrcs)
