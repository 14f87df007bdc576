from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from media.fanout.replay import estimate
from media.fanout.srtp import PROFILES, CmHmacCipher, GcmRtcp, StreamKeys, derive, rtcp_sealer, rtp_keys
from tests.media.fanout.rig import CM, GCM, LIBSRTP, libsrtp, master, packet

SALT = bytes.fromhex("517569642070726f2071756f")
RTP = bytes.fromhex("8040f17b8041f8d35501a0b2") + b"Gallia est omnis divisa in partes tres"
RTCP = bytes.fromhex("81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef")


def test_key_derivation_of_rfc_3711_b3():
    key, salt = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139"), bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")
    assert derive(key, salt, 0, 16).hex().upper() == "C61E7A93744F39EE10734AFE3FF7A087"
    assert derive(key, salt, 2, 14).hex().upper() == "30CBBC08863D8C85D49DB34A9AE1"
    assert derive(key, salt, 1, 20).hex().upper() == "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"


def test_key_stream_of_rfc_3711_b2():
    salt = bytes.fromhex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD")
    cipher = CmHmacCipher(bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"), bytes(20), salt)
    out = bytearray(48)
    cipher.keystream_into(salt, bytes(48), out)  # SSRC and index are zero: the nonce is the salt.
    expected = "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0"
    assert out.hex().upper() == expected


@pytest.mark.parametrize(
    ("size", "sealed"),
    [
        (16, "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce"),
        (32, "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13"),
    ],
)
def test_srtp_of_rfc_7714_16(size, sealed):
    keys = StreamKeys(AESGCM(bytes(range(size))), int.from_bytes(SALT, "big"), 12, 16)
    nonce = keys.nonce_of(0x5501A0B2, 0xF17B)
    assert nonce.hex() == "51753c6580c2726f20718414"
    out = bytearray(len(RTP) - 12 + 16)
    keys.cipher.encrypt_into(nonce, RTP[12:], RTP[:12], out)
    assert out.hex() == sealed
    assert keys.cipher.decrypt(nonce, bytes.fromhex(sealed), RTP[:12]) == RTP[12:]


def test_srtcp_of_rfc_7714_17():
    sealer = GcmRtcp(StreamKeys(AESGCM(bytes(range(16))), int.from_bytes(SALT, "big"), 12, 16))
    sealed = sealer.protect(RTCP, 0x5D4)
    assert sealed.hex() == (
        "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded"
        "0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4"
    )
    assert sealer.unprotect(sealed) == RTCP
    assert sealer.index_of(sealed) == 0x5D4


def test_authenticated_but_unencrypted_srtcp():
    key = AESGCM(bytes(16))
    keys = StreamKeys(key, 0, 12, 16)
    trailer = (7).to_bytes(4, "big")
    nonce = keys.nonce_of(int.from_bytes(RTCP[4:8], "big"), 7)
    packed = RTCP + key.encrypt(nonce, b"", RTCP + trailer) + trailer
    assert GcmRtcp(keys).unprotect(packed) == RTCP
    with pytest.raises(InvalidTag):
        GcmRtcp(keys).unprotect(packed[:9] + b"\xff" + packed[10:])


@pytest.mark.parametrize("profile", LIBSRTP)
def test_libsrtp_opens_what_we_seal_over_rollovers(profile):
    keys, peer = rtp_keys(PROFILES[profile], master(profile, 3)), libsrtp(profile, master(profile, 3), False)
    for index in range(65000, 3 * 65536 + 500, 997):
        plain = packet(index & 0xFFFF, b"payload %d" % index, timestamp=index)
        sealed = bytearray(len(plain) - 12 + keys.tag)
        keys.cipher.encrypt_into(keys.nonce_of(1000, index - 65000 // 65536 * 65536), plain[12:], plain[:12], sealed)
        assert peer.unprotect(plain[:12] + bytes(sealed)) == plain


@pytest.mark.parametrize("profile", LIBSRTP)
def test_we_open_what_libsrtp_seals_over_rollovers(profile):
    keys, peer = rtp_keys(PROFILES[profile], master(profile, 3)), libsrtp(profile, master(profile, 3), True)
    highest = -1
    for index in range(30000, 3 * 65536, 1009):
        plain = packet(index & 0xFFFF, b"payload %d" % index)
        sealed = peer.protect(plain)
        highest = estimate(highest, index & 0xFFFF)
        assert highest == index
        assert keys.cipher.decrypt(keys.nonce_of(1000, highest), sealed[12:], sealed[:12]) == plain[12:]


@pytest.mark.parametrize("profile", LIBSRTP)
def test_srtcp_both_ways_with_libsrtp(profile):
    sealer = rtcp_sealer(PROFILES[profile], master(profile, 4))
    outward, inward = libsrtp(profile, master(profile, 4), True), libsrtp(profile, master(profile, 4), False)
    for index in range(5):
        assert inward.unprotect_rtcp(sealer.protect(RTCP, index)) == RTCP
        sealed = outward.protect_rtcp(RTCP)
        assert sealer.unprotect(sealed) == RTCP
        assert sealer.index_of(sealed) == index + 1


def test_cm_refuses_a_changed_packet_and_short_input():
    keys = rtp_keys(PROFILES[CM], master(CM, 5))
    out = bytearray(30)
    keys.cipher.encrypt_into(keys.nonce_of(1, 9), b"x" * 20, b"header", out)
    assert keys.cipher.decrypt(keys.nonce_of(1, 9), bytes(out), b"header") == b"x" * 20
    # The sequence is in the header; of the nonce only the rollover counter is sealed (RFC 3711 4.2).
    for nonce, data, head in [(9, bytes(out), b"Header"), (9 + 65536, bytes(out), b"header"), (9, b"abc", b"header")]:
        with pytest.raises(InvalidTag):
            keys.cipher.decrypt(keys.nonce_of(1, nonce), data, head)


def test_wrong_key_length_is_said():
    with pytest.raises(ValueError, match="28 bytes"):
        rtp_keys(PROFILES[GCM], bytes(30))
