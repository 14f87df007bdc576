"""What the rooms see now: a pure function of the state. `fold/director.js` has the same one.

By the rules: an opening stage shows itself, a page turn or the board shown the courseware, whichever came last; without a stage the
courseware if a page is open and shown, else the teacher. A shared screen is known to the media only: a page of `auto` shows it
in the courseware's or the teacher's place while it is there.
"""

from __future__ import annotations

from server.domain.director.events import Layout
from server.domain.lesson import LessonState


def layout_of(state: LessonState) -> Layout:
    """The layout that counts, by hand or by rule."""
    if state.director.mode != "auto":
        return state.director.mode
    courseware = state.board.shown and state.board.at is not None
    if state.stage and (state.director.latest == "stage" or not courseware):
        return "stage"
    return "courseware" if courseware else "teacher"
