"""From somebody with an account, or a paired device, to a `Principal` of one lesson: who one is in it follows from the timetable.

| who | role in the lesson | when |
|---|---|---|
| its teacher or substitute | master; wall | `lesson.teach` |
| an assistant of a room that takes part | that classroom | `lesson.attend` |
| the same, on the own phone or a second window | that classroom's assistant | `lesson.assist` |
| a paired device of a room that takes part | that classroom | `lesson.attend` |
| an inspector of a tier above the master's school | viewer | `lesson.inspect` |
"""

from __future__ import annotations

from collections.abc import Mapping

from server.accounts.caller import Caller
from server.domain.principal import MASTER, Principal, Role
from server.domain.schedule import ScheduledLesson, ScheduledRoom
from server.store.papers import device_paper, session_paper

_ACTIONS: Mapping[Role, str] = {
    "master": "lesson.teach",
    "wall": "lesson.teach",
    "classroom": "lesson.attend",
    "assistant": "lesson.assist",
    "viewer": "lesson.inspect",
}


def principal_of(caller: Caller, lesson: ScheduledLesson, role: Role, room: str = "") -> Principal | None:
    """Who the caller is in the lesson as `role`, None if nobody. `room`: the classroom meant, where one has several; else the first.

    The name is filled in by the door, from the lesson's roster.
    """
    action = _ACTIONS.get(role)  # a seat's device has no account
    if action is None or not caller.may(action, lesson.where()):
        return None
    participant: str | None = MASTER if role == "master" else None
    if role in ("classroom", "assistant"):
        own = own_rooms(caller, lesson)
        chosen = next((part for part in own if part.classroom == room), None) if room else next(iter(own), None)
        if chosen is None:
            return None
        participant = chosen.participant
    caller.checked.add(action)
    return Principal(*_papers(caller), lesson.id, role, participant, "")


def role_of(caller: Caller, lesson: ScheduledLesson) -> Role | None:
    """What the caller is in the lesson first of all."""
    roles: tuple[Role, ...] = ("master", "classroom", "viewer")
    return next((role for role in roles if principal_of(caller, lesson, role)), None)


def own_rooms(caller: Caller, lesson: ScheduledLesson) -> list[ScheduledRoom]:
    """Remote classrooms of the lesson that the caller may speak for."""
    found = []
    for part in lesson.rooms.values():
        for grant in caller.grants:
            device = grant.role == "device" and grant.subject == part.classroom
            school = grant.role == "assistant" and grant.path and part.path.startswith(grant.path)
            if device or school or (grant.role == "assistant" and grant.subject == lesson.id):
                found.append(part)
                break
    return found


def _papers(caller: Caller) -> tuple[str, str]:
    """Id and admission: the same person or device is the same principal in every browser (S4); what is revoked is the login."""
    if caller.kind == "device":
        return device_paper(caller.id), device_paper(caller.id)
    return f"{caller.kind}:{caller.id}", session_paper(caller.session, caller.epoch)
