"""SDP: offers of publishers and subscribers answered, trickle fragments read and written. Pure: text in, text and plain data out."""

from __future__ import annotations

from media.transport.sdp.fragment import read_fragment, write_fragment
from media.transport.sdp.publisher import answer_publisher
from media.transport.sdp.subscriber import answer_subscriber, group_of
from media.transport.sdp.values import Candidate, Fragment, Local, Peer, Policy, PublisherAnswer, SubscriberAnswer

__all__ = [
    "Candidate",
    "Fragment",
    "Local",
    "Peer",
    "Policy",
    "PublisherAnswer",
    "SubscriberAnswer",
    "answer_publisher",
    "answer_subscriber",
    "group_of",
    "read_fragment",
    "write_fragment",
]
