"""What was cut into packets is put together again, octet for octet; what does not fit is refused, never guessed."""

from __future__ import annotations

import base64
import random

import pytest

from media.errors import MalformedPacket
from media.recording import av1, h264, vp9
from media.recording.picture import JOINERS, Picture
from tests.harness.captures import nal_units, payloads, pictures

CODECS = ["VP8", "VP9", "H264", "AV1"]
SIZE = (160, 96)


def stream(codec: str) -> tuple[bytes, ...]:
    return pictures(codec, *SIZE, 60)


def without_sets(data: bytes) -> bytes:
    return b"".join(b"\x00\x00\x00\x01" + unit for unit in nal_units(data) if unit[0] & 0x1F not in (7, 8, 9))


def plain(codec: str, data: bytes) -> bytes:
    """What a container gets."""
    if codec == "H264":
        return without_sets(data)
    return data[2:] if codec == "AV1" and data.startswith(b"\x12\x00") else data


@pytest.mark.parametrize("mtu", [40, 300, 1150, 60_000])
@pytest.mark.parametrize("codec", CODECS)
def test_pictures_come_out_as_they_went_in(codec: str, mtu: int) -> None:
    joiner = JOINERS[codec]("")
    keys = []
    for number, data in enumerate(stream(codec)):
        picture = joiner.join(payloads(codec, data, mtu))
        assert picture is not None
        assert picture.data == plain(codec, data)
        if picture.key:
            keys.append(number)
            assert bool(picture.setup) == (codec in ("H264", "AV1"))
            assert (picture.width, picture.height) == (SIZE if codec in ("VP8", "VP9") else (0, 0))
    assert keys == [0, 30]


@pytest.mark.parametrize("codec", CODECS)
def test_a_picture_without_its_first_packet_is_none(codec: str) -> None:
    data = stream(codec)[0]
    parts = payloads(codec, data, 40)
    for cut in range(1, len(parts)):
        try:
            picture = JOINERS[codec]("").join(parts[cut:])
        except MalformedPacket:
            continue
        assert picture is None or not picture.key


@pytest.mark.parametrize("codec", CODECS)
def test_bad_payloads_raise_nothing_else(codec: str) -> None:
    chance = random.Random(5)
    parts = payloads(codec, stream(codec)[0], 60)
    for _ in range(3000):
        given = [bytearray(part) for part in parts[: chance.randint(1, len(parts))]]
        for _ in range(chance.randint(1, 4)):
            part = chance.choice(given)
            if part and chance.random() < 0.7:
                part[chance.randrange(min(len(part), 8))] = chance.randrange(256)
            else:
                del part[chance.randrange(len(part) + 1) :]
        try:
            found = JOINERS[codec]("").join([bytes(part) for part in given])
        except MalformedPacket:
            continue
        assert found is None or isinstance(found, Picture)


def test_parameter_sets_from_sdp_alone() -> None:
    units = nal_units(stream("H264")[0])
    sets = [unit for unit in units if unit[0] & 0x1F in (7, 8)]
    idr = [payload for unit in units if unit[0] & 0x1F == 5 for payload in payloads("H264", b"\0\0\1" + unit)]
    sprop = ",".join(base64.b64encode(unit).decode() for unit in sets)
    assert JOINERS["H264"]("packetization-mode=1").join(idr) is None
    assert JOINERS["H264"]("sprop-parameter-sets=%%%").join(idr) is None
    picture = JOINERS["H264"](f"packetization-mode=1; sprop-parameter-sets={sprop}").join(idr)
    assert picture is not None
    assert nal_units(picture.setup) == sets


def test_other_parameter_sets_are_another_setup() -> None:
    joiner = JOINERS["H264"]("")
    setups = []
    for width in (160, 192, 160):
        picture = joiner.join(payloads("H264", pictures("H264", width, 96, 30)[0]))
        assert picture is not None
        setups.append(picture.setup)
    assert setups[0] == setups[2] != setups[1]


def test_aggregates_and_fragments_of_h264() -> None:
    units = nal_units(stream("H264")[0])
    aggregate = b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)
    assert h264.units([aggregate]) == units
    cut = [payload for unit in units for payload in payloads("H264", b"\0\0\1" + unit, 12)]
    assert h264.units(cut) == units
    for wrong in ([b"\x78\x00"], [b"\x78\x00\x09\x01"], [b"\x7c\x05"], cut[:-1], [cut[-1]]):
        with pytest.raises(MalformedPacket):
            h264.units(wrong)
    assert h264.units([b"", b"\x00", b"\x1f"]) == []


def test_layers_of_vp9_make_a_superframe() -> None:
    low, high = stream("VP9")[0], stream("VP9")[1]
    scalable = b"\x38\x00\xa0\x00\x60\x01\x40\x00\xc0\x01\x04\x01"  # two sizes, and a group of one picture that needs one
    found = vp9.layers([b"\xaa\x81\x02\x00\x00" + scalable + low[:50], b"\xa4\x81\x02\x00\x00" + low[50:], b"\xec\x81\x02\x02\x00" + high])
    assert found == [low, high]
    joined = vp9.superframe(found)
    assert joined.startswith(low + high)
    index = joined[len(low + high) :]
    assert index == b"\xd9" + len(low).to_bytes(4, "little") + len(high).to_bytes(4, "little") + b"\xd9"


def test_references_of_vp9_in_flexible_mode_are_no_picture() -> None:
    data = stream("VP9")[1]
    assert vp9.layers([b"\xf8\x85\x00\x03\x02" + data, b"\xd4\x06\x01\x04" + data]) == [data + data]


def test_units_of_av1() -> None:
    assert av1.units([b"\x20\x02\x30\x01\x32\x02"]) == [b"\x30\x01", b"\x32\x02"]
    assert av1.units([b"\x00\x02\x30\x01\x02\x32\x02"]) == [b"\x30\x01", b"\x32\x02"]
    assert av1.units([b"\x50\x30\x01", b"\x90\x02"]) == [b"\x30\x01\x02"]
    assert av1.units([b"\x90\x02"]) is None
    for wrong in ([b"\x50\x30"], [b"\x50\x30", b"\x10\x30"], [b"\x20\x09\x30"], [b"\x30\x01\x30"], [b""]):
        with pytest.raises(MalformedPacket):
            av1.units(wrong)
