"""The asyncio shell of the media plane: sockets, ICE-lite, DTLS, SDP, sessions."""
