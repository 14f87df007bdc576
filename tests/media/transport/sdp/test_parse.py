from __future__ import annotations

import pytest

from media.errors import BadSdp
from media.transport.sdp.parse import number, parse

HEAD = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
LINE = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"


def test_attributes_are_kept_by_level_and_in_order() -> None:
    text = HEAD + "a=ice-lite\r\n" + LINE + "c=IN IP4 0.0.0.0\r\na=fmtp:111 a=1\r\na=fmtp:96 b:2\r\na=rtcp-mux\r\n"
    found = parse(text)
    assert found.attributes == {"ice-lite": ("",)}
    assert found.sections[0].all("fmtp") == ("111 a=1", "96 b:2")
    assert found.sections[0].first("rtcp-mux") == ""
    assert found.sections[0].first("mid") is None
    assert (found.sections[0].kind, found.sections[0].port, found.sections[0].formats) == ("audio", 9, ("111",))


def test_bare_newlines_are_read() -> None:
    assert len(parse((HEAD + LINE).replace("\r\n", "\n")).sections) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n",
        "hello",
        HEAD[5:],
        HEAD.replace("v=0", "v=1"),
        HEAD.replace("t=0 0\r\n", ""),
        HEAD.replace("- 1 2 IN", "- 1 IN"),
        HEAD + "\r\n" + LINE,
        HEAD + "x=1\r\n",
        HEAD + LINE + "t=0 0\r\n",
        HEAD + "A=upper\r\n",
        HEAD + "a=\r\n",
        HEAD + "a=na me:1\r\n",
        HEAD + "a=nul:\x00\r\n",
        HEAD + "a=cr:\rx\r\n",
        HEAD + "m=audio 9 UDP/TLS/RTP/SAVPF\r\n",
        HEAD + "m=audio 70000 UDP/TLS/RTP/SAVPF 111\r\n",
        HEAD + "m=audio nine UDP/TLS/RTP/SAVPF 111\r\n",
        HEAD + "m=audio ٩ UDP/TLS/RTP/SAVPF 111\r\n",
        HEAD + "m=audio 9 UDP/TLS/RTP/SAVPF " + " ".join(["111"] * 257) + "\r\n",
        HEAD + LINE * 65,
        HEAD + "a=long:" + "x" * 8192 + "\r\n",
        HEAD + "a=x\r\n" * 16_384,
        HEAD + ("a=" + "x:" + "y" * 8000 + "\r\n") * 33,
        HEAD + ("a=x:" + "é" * 4000 + "\r\n") * 33,
    ],
)
def test_what_is_not_sdp_is_refused(text: str) -> None:
    with pytest.raises(BadSdp):
        parse(text)


@pytest.mark.parametrize("text", ["", "-1", "+1", "1_0", " 1", "1.0", "²", "256", "9" * 5000])
def test_numbers_are_decimal_and_in_range(text: str) -> None:
    with pytest.raises(BadSdp):
        number(text, 0, 255)
    assert number("255", 0, 255) == 255
