"""Metadata, steps and states of resources."""

from typing import get_args

from server.domain.recording import CutState
from server.domain.resource import MANDATORY, State
from server.library.search import FILTERS
from server.web.library.publish import STEPS

KEYS = (
    *(f"library.about.{name}" for name in {*MANDATORY, *FILTERS}),
    *(f"library.step.{step}" for step in STEPS),
    *(f"library.state.{state}" for state in get_args(State)),
    *(f"library.cut.{state}{more}" for state in get_args(CutState) for more in ("", ".words")),
    *(f"library.waits.{word}" for word in ("submitted", "draft")),
    *(f"library.{word}" for word in ("look_over", "go_on")),
)
