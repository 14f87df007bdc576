"""What scenarios use: the running product, real browsers, other WebRTC clients. Everything is started, and ended, by the tests."""
