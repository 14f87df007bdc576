"""What the page of a lesson says of its assistants."""

from __future__ import annotations

from aiohttp import web

from server.accounts.caller import Caller
from server.accounts.residents import own_rooms
from server.domain.lesson_view import leads
from server.domain.schedule import ScheduledLesson
from server.school import assistants
from server.web.keys import OFFICE, PEOPLE


async def context(request: web.Request, caller: Caller, lesson: ScheduledLesson, *, may_edit: bool) -> dict[str, object]:
    """Names for the master's side alone (S6); whom one may name; and the rooms of whoever may speak for several."""
    office, people = request.app[OFFICE], request.app[PEOPLE]
    named = await assistants.named(office, lesson.id) if leads(lesson, caller.grants, caller.id) else []
    known = {one.person for one in named} | {lesson.teacher}
    choices = await people.listed(caller, role="assistant") if may_edit and caller.scopes("person.see") else []
    names = await people.names([one.person for one in named])
    own = own_rooms(caller, lesson) if caller.may("lesson.attend", lesson.where()) else []
    return {
        "assistants": [(one.id, names.get(one.person, "")) for one in named],
        "may_assist": [(one.person.id, one.name) for one in choices if one.person.id not in known and one.person.disabled_at is None],
        "own_places": [one.classroom for one in own] if len(own) > 1 else [],
    }
