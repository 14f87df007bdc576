"""One running lesson: domain, media worker and bus."""

from server.live.clock import Clock, SystemClock
from server.live.connection import Connection
from server.live.desk import MediaAnswer, MediaControl
from server.live.messages import parse_hello
from server.live.outbox import Outbox
from server.live.service import Ack, Lessons

__all__ = ["Ack", "Clock", "Connection", "Lessons", "MediaAnswer", "MediaControl", "Outbox", "SystemClock", "parse_hello"]
