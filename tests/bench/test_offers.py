"""The raw clients' offers are what the product's SDP takes for a full publisher and a full viewer."""

from __future__ import annotations

import random

import pytest

from media.transport.sdp import Candidate, Policy, answer_publisher, answer_subscriber
from media.transport.sdp import Local as Answerer
from tests.bench import offers

OURS = offers.Local("abcd", "p" * 24, ":".join(["AB"] * 32))


@pytest.fixture
def answerer() -> Answerer:
    candidate = Candidate("1", 1, "udp", 2130706431, "127.0.0.1", 5000)
    return Answerer("w0user", "w" * 24, (("sha-256", ":".join(["CD"] * 32)),), (candidate,))


def test_publisher_is_taken_with_all_its_extensions(answerer: Answerer) -> None:
    answer = answer_publisher(offers.publish_offer(OURS), ("mic", "camera"), answerer, Policy())
    audio, video = answer.media
    assert (audio.source, list(audio.ssrcs)) == ("mic", [offers.AUDIO_SSRC])
    assert (video.source, list(video.ssrcs)) == ("camera", [offers.VIDEO_SSRC])
    assert video.extensions.transport_cc == offers.TRANSPORT_ID
    assert (video.nack, video.pli, video.transport_cc) == (True, True, True)


def test_viewer_reads_transport_and_ssrcs_of_the_answer(answerer: Answerer) -> None:
    answer = answer_subscriber(offers.watch_offer(OURS), ("program.audio", "program.camera"), answerer, Policy(), random.Random(1))
    remote = offers.read_answer(answer.sdp)
    assert remote.address == ("127.0.0.1", 5000)
    assert remote.ssrcs == tuple(slot.ssrc for slot in answer.slots)
    assert (remote.ufrag, remote.pwd) == ("w0user", "w" * 24)
    assert answer.slots[1].payload_types[0].rtx == offers.VIDEO + 1


def test_answer_without_candidate_is_refused() -> None:
    with pytest.raises(ValueError, match="candidate"):
        offers.read_answer("v=0\r\n")
