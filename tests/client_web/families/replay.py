"""Chapters, gaps and states of recordings."""

from typing import get_args

from media.client.manifest import Why
from server.domain.chapters import Kind
from server.domain.recording import STATES
from server.web.recordings import WORDS

KEYS = (
    *(f"replay.chapter.{kind}" for kind in get_args(Kind)),
    *(f"replay.missing.{why}" for why in get_args(Why)),
    *(f"replay.group.{group}" for group in ("teacher", "screen", "sound")),
    *(f"replay.quality.{choice}" for choice in ("auto", "sharp", "thin", "sound")),
    *(f"replay.state.{state}" for state in STATES if state != "ready"),
    *(f"recordings.state.{state}" for state in (*STATES, "removed")),
    *(f"recordings.kept.{word}" for word in WORDS),
)
