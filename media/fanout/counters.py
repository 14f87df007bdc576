"""Every counter of a fan-out, by name (M28)."""

from __future__ import annotations

Counters = dict[str, int]

NAMES = (
    "received_packets",
    "received_octets",
    "receive_errors",
    "received_rtp",
    "received_rtcp",
    "received_slow",
    "untrusted",  # media from a path no session owns, or before its keys
    "unknown_first_byte",
    "malformed",
    "oversized",
    "srtp_unauthentic",
    "srtp_replayed",
    "srtcp_unauthentic",
    "srtcp_replayed",
    "ssrc_table_full",
    "ssrc_unknown",
    "payload_malformed",  # a codec's descriptor that does not fit: forwarded without flags
    "payload_type_unknown",
    "padding_packets",
    "rtx_received",
    "rtx_padding",
    "duplicates",
    "too_old",
    "sent_rtx",
    "sent_rtcp",
    "send_errors",
    "gso_refused",
    "blocked",  # times a socket was full
    "queued",
    "queue_discarded",  # waiting packets of a row that was revoked or is gone
    "queue_dropped_audio",
    "queue_dropped_video",
    "queue_dropped_other",
    "rows_without_type",  # packets of a payload type the row does not map
    "nonce_refused",  # packets that would have used a sequence a second time (M5)
    "resend_refused",
    "ssrc_conflicts",
)


def new_counters() -> Counters:
    """All names at zero, so that a metric exists before its first event."""
    return dict.fromkeys(NAMES, 0)
