"""A resource from the lesson to the library: span, metadata, handing in, publishing, withdrawing. Every step leaves a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.acts import Target
from server.accounts.caller import Caller
from server.accounts.ids import draw
from server.accounts.office import Office, known_id
from server.domain.orgs import Org
from server.domain.refused import Refused
from server.domain.resource import About, Event, Publish, Resource, Save, Span, Standing, Submit, Version, Withdraw, apply, decide
from server.errors import (
    BY_CODE,
    EditConflict,
    Invalid,
    LessonNotOver,
    NotRecorded,
    NotThere,
    ResourcePreparing,
    ResourceState,
    ResourceWithdrawn,
)
from server.library.desk import OVER, Desk, area_of, span_of, taught_by, timetable
from server.library.fields import SaveInfo, SaveSpan, Step, TakeBack
from server.library.recorded import Covers, Picture, Prepared, Recordings, all_prepared
from server.store.cuts import try_again
from server.store.recordings import hold_playable
from server.store.resources import ResourceStore, add_resource, change_resource, mark_version, put_version

KIND = "resource"


@dataclass(frozen=True, slots=True)
class Shown:
    """A public resource, as everybody of its area sees it."""

    resource: Resource
    version: Version
    owner: Org
    summary: str
    ready: bool
    """Others see it, too: what may be seen of its recording is cut."""


class Library:
    """One per process."""

    def __init__(self, office: Office, recordings: Recordings, covers: Covers, prepared: Prepared = all_prepared) -> None:
        self.office = office
        self.store = ResourceStore(office.database)
        self.recordings = recordings
        self.covers = covers
        self.prepared = prepared

    # --- making one --------------------------------------------------------------------------------------------------

    async def desk(self, who: Caller, lesson_id: str, action: str = "resource.edit") -> Desk:
        """What there is. Raises `NotThere`, `Forbidden`, `LessonNotOver`, `NotRecorded`."""
        lesson = await self.office.schedule.lesson(known_id(lesson_id))
        if lesson is None or lesson.org is None:
            raise NotThere
        where = lesson.where()
        knows = who.may("lesson.see", where) or who.may("resource.edit", where)
        who.need(action, where, hidden=None if knows else NotThere())
        if lesson.phase not in OVER:
            raise LessonNotOver
        recorded = (await self.recordings([lesson.id])).get(lesson.id)
        if recorded is None:
            raise NotRecorded
        found = await self.store.of_lesson(lesson.id)
        if found is None:
            return Desk(lesson, recorded, None, timetable(lesson), recorded, "")
        said = found.versions[found.standing.draft or found.standing.live or found.standing.head]
        texts = await self.office.contents.texts([said.summary or ""])
        return Desk(lesson, recorded, found, said.about, said.span, texts.get(said.summary or "", ""))

    async def save_span(self, who: Caller, lesson_id: str, form: SaveSpan) -> None:
        """取段; the first time it makes the resource. Raises as `desk`, `Invalid`, `EditConflict`."""
        desk = await self.desk(who, lesson_id)
        span = span_of(desk.recorded, form)
        await self._save(who, desk, form.version, desk.about, span, desk.summary)

    async def save_info(self, who: Caller, lesson_id: str, form: SaveInfo) -> None:
        """信息. Raises as `desk`, `Invalid`, `EditConflict`."""
        desk = await self.desk(who, lesson_id)
        if form.teacher not in (None, desk.about.teacher, *taught_by(desk.lesson)):
            raise Invalid({"teacher": "choice"})
        names = ("title", "subject", "stage", "grade", "edition", "volume", "unit", "teacher")
        about = About(**{name: getattr(form, name) for name in names})
        await self._save(who, desk, form.version, about, desk.span, form.summary)

    async def _save(self, who: Caller, desk: Desk, version: int, about: About, span: Span, summary: str) -> None:
        seen = desk.resource or await self._fresh(desk)
        if (desk.resource is None) != (version == 0):
            raise EditConflict
        event = _decided(seen.standing, Save())
        n, replaces = event.n, getattr(event, "replaces", 0)
        before = seen.versions.get(n)

        async def work(connection: AsyncConnection) -> None:
            if desk.resource is None:
                await add_resource(connection, seen, who.id, self.office.now())
            await change_resource(connection, seen, version or seen.version, apply(seen.standing, event))
            if before and before.summary:
                await self.office.contents.erase(connection, [before.summary])
            text = await self.office.contents.put(connection, KIND, seen.id, summary) if summary else None
            new = Version(n, about, span, who.id, self.office.now(), "draft", text.id if text else None)
            await put_version(connection, seen.id, new)
            if replaces:
                await mark_version(connection, seen.id, replaces, state="replaced")

        act = "resource.edit" if desk.resource else "resource.create"
        details: dict[str, str | int] = {"lesson": seen.lesson, "n": n}
        await self.office.acts.do(who, act, _target(seen), work, locks=(f"resource:{seen.lesson}",), details=details)

    async def _fresh(self, desk: Desk) -> Resource:
        lesson = desk.lesson
        area = area_of(await self.office.orgs.ancestors(lesson.path))
        return Resource(draw(), lesson.org or "", lesson.path, lesson.id, area.id, area.path, 1, Standing())

    async def submit(self, who: Caller, lesson_id: str, form: Step) -> None:
        """Hand it in. Raises as `desk`, `ResourceState`, `ResourceIncomplete`, `EditConflict`."""
        desk = await self.desk(who, lesson_id)
        now = self.office.now()

        async def marked(connection: AsyncConnection, seen: Resource, event: Event) -> dict[str, Any]:
            await mark_version(connection, seen.id, event.n, state="submitted", submitted_at=now)
            return {}

        await self._step(who, desk.resource, Submit(), form.version, marked, "resource.submit")

    async def publish(self, who: Caller, lesson_id: str, form: Step) -> str:
        """Everybody of the area sees it from now on; its id. Raises as `submit`."""
        desk = await self.desk(who, lesson_id, "resource.publish")
        if not desk.recorded.holds(desk.span):
            raise NotRecorded
        now = self.office.now()

        async def marked(connection: AsyncConnection, seen: Resource, event: Event) -> dict[str, Any]:
            if not await hold_playable(connection, seen.lesson):
                raise NotRecorded  # removed since, or the lesson was reopened
            if seen.standing.live:
                await mark_version(connection, seen.id, seen.standing.live, state="replaced")
            await mark_version(connection, seen.id, event.n, state="published", published_at=now)
            since = seen.published_at if seen.standing.live else now  # a correction is no news
            return {"published_at": since, "withdrawn_at": None, "reason": None}

        return await self._step(who, desk.resource, Publish(), form.version, marked, "resource.publish")

    async def cut_again(self, who: Caller, lesson_id: str) -> None:
        """What others see of it is tried again, if it could not be cut. Raises as `desk`."""
        desk = await self.desk(who, lesson_id)
        span = desk.public
        if desk.resource is None or span is None or await self.prepared(lesson_id, span) != "failed":
            return  # pressed twice

        async def work(connection: AsyncConnection) -> None:
            await try_again(connection, lesson_id, span)

        await self.office.acts.do(who, "resource.cut", _target(desk.resource), work, details={"lesson": desk.resource.lesson})

    async def withdraw(self, who: Caller, resource_id: str, form: TakeBack) -> None:
        """Nobody sees it any more. Raises `NotThere`, `Forbidden`, `ResourceWithdrawn`, `EditConflict`."""
        found = await self.find(who, resource_id)
        who.need("resource.publish", found.where())
        now = self.office.now()

        async def marked(connection: AsyncConnection, seen: Resource, event: Event) -> dict[str, Any]:
            reason = (await self.office.contents.put(connection, KIND, seen.id, form.reason)).id
            await mark_version(connection, seen.id, event.n, state="withdrawn", withdrawn_at=now, reason=reason)
            return {"withdrawn_at": now, "reason": reason}

        await self._step(who, found, Withdraw(), form.version, marked, "resource.withdraw")

    async def _step(self, who: Caller, seen: Resource | None, command: Any, version: int, marked: Any, act: str) -> str:
        if seen is None:
            raise ResourceState(state="draft")
        if version != seen.version:
            raise EditConflict  # before the rules: what was shown is not what is
        draft = seen.versions.get(seen.standing.draft)
        event = _decided(seen.standing, command, draft.about if draft else None)

        async def work(connection: AsyncConnection) -> None:
            await change_resource(connection, seen, version, apply(seen.standing, event), **await marked(connection, seen, event))

        await self.office.acts.do(who, act, _target(seen), work, details={"lesson": seen.lesson, "n": event.n})
        return seen.id

    # --- looking at one ----------------------------------------------------------------------------------------------

    async def find(self, who: Caller, resource_id: str) -> Resource:
        """A public resource of an area the caller stands in. Raises `NotThere`; `ResourceWithdrawn` for what was public once."""
        found = await self.store.get(known_id(resource_id))
        if found is None or found.standing.state not in ("published", "withdrawn"):
            raise NotThere
        who.need("resource.see", found.where(), hidden=NotThere())
        if found.standing.state == "withdrawn":
            raise ResourceWithdrawn
        return found

    async def public(self, resource_id: str) -> Span | None:
        """What of its lesson can still be seen; None: nothing."""
        found = await self.store.get(resource_id)
        return found.versions[found.standing.live].span if found is not None and found.standing.live else None

    async def shown(self, who: Caller, resource_id: str) -> Shown:
        """Everything about it. Raises as `find`; `ResourcePreparing` for all but those who publish it, before it can be played."""
        found = await self.find(who, resource_id)
        ready = await self.ready(found)
        if not ready and not who.may("resource.publish", found.where()):
            raise ResourcePreparing
        said = found.versions[found.standing.live]
        owner = (await self.office.orgs.many([found.org]))[found.org]
        texts = await self.office.contents.texts([said.summary or ""])
        return Shown(found, said, owner, texts.get(said.summary or "", ""), ready)

    async def ready(self, found: Resource) -> bool:
        """Whether what others see of a public resource is cut."""
        return await self.prepared(found.lesson, found.versions[found.standing.live].span) == "ready"

    async def cover(self, who: Caller, resource_id: str) -> tuple[Resource, Picture | None]:
        """A picture out of it. Raises as `find`."""
        found = await self.find(who, resource_id)
        return found, await self.covers(found.lesson, found.versions[found.standing.live].span)


def _decided(now: Standing, command: Any, about: About | None = None) -> Event:
    try:
        return decide(now, command, about)
    except Refused as refused:
        raise BY_CODE[refused.code](refused.code, **refused.params) from refused


def _target(one: Resource) -> Target:
    return Target("resource", one.id, one.path)
