"""The text of an answer (RFC 3264 6, RFC 8829 5.3): one m-line for each one offered, in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from media.transport.sdp.codecs import answer_parameters, read_formats
from media.transport.sdp.extmap import Extmap
from media.transport.sdp.offer import Offer
from media.transport.sdp.parse import Section
from media.transport.sdp.values import Candidate, Local
from media.wire.negotiated import PayloadType

DISCARD = ("9", "IN IP4 0.0.0.0")
"""Port and address of an m-line without a candidate of its own (RFC 8839 4.3.1)."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What we answer to one m-line."""

    direction: str
    payload_types: tuple[PayloadType, ...]
    feedback: Mapping[int, tuple[str, ...]]
    """Payload type → feedback messages, in the order written."""
    extmaps: tuple[Extmap, ...]
    streams: tuple[str, ...]
    """Further attributes: rids, or msid and SSRCs."""


def write_answer(offer: Offer, accepted: Mapping[int, Accepted], local: Local) -> str:
    """The whole answer; m-lines whose index is not in `accepted` are rejected with port 0.

    The offer's tagged m-line is held `inactive` rather than rejected, where it has any codec: Chrome with `max-bundle`
    drops the transport of the whole group together with that m-line.
    """
    answers = {**_held(offer, accepted), **accepted}
    order = _bundle_order(offer, answers)
    lines = _session(offer, [mid for index in order if (mid := offer.sections[index].first("mid"))], local)
    for index, section in enumerate(offer.sections):
        if index in answers:
            lines += _accepted(offer, section, answers[index], local, tagged=index == order[0])
        else:
            lines += _rejected(section, local, offer.peer.our_setup)
    return "".join(f"{line}\r\n" for line in lines)


def _held(offer: Offer, accepted: Mapping[int, Accepted]) -> dict[int, Accepted]:
    section = offer.sections[offer.tagged]
    formats = read_formats(section) if offer.tagged not in accepted and offer.carries_media(section) else []
    if not formats:
        return {}
    return {offer.tagged: Accepted("inactive", (PayloadType(formats[0].number, formats[0].codec),), {}, (), ())}


def _bundle_order(offer: Offer, answers: Mapping[int, Accepted]) -> list[int]:
    """The answered m-lines as the offer's group lists them: the first carries the transport (RFC 9143 7.3)."""
    place = {mid: rank for rank, mid in reversed(list(enumerate(offer.bundle or ())))}
    return sorted(answers, key=lambda index: place.get(offer.sections[index].first("mid") or "", index))


def transport_lines(local: Local) -> list[str]:
    """ICE credentials of our side."""
    return [f"a=ice-ufrag:{local.ufrag}", f"a=ice-pwd:{local.pwd}"]


def candidate_lines(local: Local) -> list[str]:
    """Our candidates, IPv4 UDP first (FFmpeg looks at no other), complete: there is nothing to trickle."""
    ordered = sorted(local.candidates, key=lambda found: (found.transport != "udp", found.version != 4))
    return [*(f"a={candidate.to_sdp()}" for candidate in ordered), "a=end-of-candidates"]


def group_line(mids: list[str]) -> list[str]:
    """The BUNDLE group, or nothing without mids."""
    return [f"a=group:BUNDLE {' '.join(mids)}"] if mids else []


def _session(offer: Offer, mids: list[str], local: Local) -> list[str]:
    return [
        "v=0",
        f"o=- {local.origin_id} {local.origin_version} IN IP4 127.0.0.1",
        f"s={local.session_name or '-'}",
        "t=0 0",
        "a=ice-lite",
        *group_line(mids if offer.bundle is not None else []),
        *(["a=extmap-allow-mixed"] if offer.allow_mixed else []),
        "a=msid-semantic: WMS *",
        f"a=ice-options:{'ice2 trickle' if offer.peer.trickle else 'ice2'}",
    ]


def _accepted(offer: Offer, section: Section, answer: Accepted, local: Local, *, tagged: bool) -> list[str]:
    port, address = _default(local.candidates)
    numbers = [str(number) for payload in answer.payload_types for number in (payload.number, payload.rtx) if number is not None]
    mid = section.first("mid")
    return [
        f"m={section.kind} {port} {section.protocol} {' '.join(numbers)}",
        f"c={address}",
        *(candidate_lines(local) if tagged else []),
        *_secure_lines(local, offer.peer.our_setup),
        *([f"a=mid:{mid}"] if mid else []),
        *(f"a=extmap:{found.answer()}" for found in answer.extmaps),
        *(["a=extmap-allow-mixed"] if "extmap-allow-mixed" in section.attributes and not offer.allow_mixed else []),
        f"a={answer.direction}",
        "a=rtcp-mux",
        *(["a=rtcp-rsize"] if "rtcp-rsize" in section.attributes else []),
        *(line for payload in answer.payload_types for line in _codec(payload, answer.feedback.get(payload.number, ()))),
        *(f"a={value}" for value in answer.streams),
    ]


def _secure_lines(local: Local, setup: str) -> list[str]:
    return [*transport_lines(local), *(f"a=fingerprint:{name} {digits}" for name, digits in local.fingerprints), f"a=setup:{setup}"]


def _codec(payload: PayloadType, feedback: tuple[str, ...]) -> list[str]:
    codec, number = payload.codec, payload.number
    parameters = answer_parameters(codec)
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    return [
        f"a=rtpmap:{number} {codec.name}/{codec.clock_rate}{channels}",
        *(f"a=rtcp-fb:{number} {message}" for message in feedback),
        *([f"a=fmtp:{number} {parameters}"] if parameters else []),
        *([f"a=rtpmap:{payload.rtx} rtx/{codec.clock_rate}", f"a=fmtp:{payload.rtx} apt={number}"] if payload.rtx is not None else []),
    ]


def _rejected(section: Section, local: Local, setup: str) -> list[str]:
    """GStreamer's webrtcbin refuses an answer in which even a rejected m-line lacks transport attributes."""
    mid = section.first("mid")
    return [
        f"m={section.kind} 0 {section.protocol} {' '.join(section.formats)}",
        f"c={DISCARD[1]}",
        *_secure_lines(local, setup),
        *([f"a=mid:{mid}"] if mid else []),
        "a=inactive",
    ]


def _default(candidates: tuple[Candidate, ...]) -> tuple[str, str]:
    """Port and address of the default candidate (RFC 8839 4.2.1.2): a UDP one, IPv4 if there is one."""
    usable = sorted((found for found in candidates if found.transport == "udp" and found.version), key=lambda found: found.version)
    if not usable:
        return DISCARD
    return str(usable[0].port), f"IN IP{usable[0].version} {usable[0].ip}"
