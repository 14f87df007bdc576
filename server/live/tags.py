"""What a session of the worker means to us. It travels through the worker as an opaque tag and comes back in snapshots, so a
web process that knows nothing yet can take the sessions over (M33).
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from server.domain.media_plan import Watcher
from server.domain.principal import Principal, Role
from server.domain.slots import Kind


class Tag(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One session's owner and purpose."""

    lesson: str
    participant: str | None
    role: Role
    principal: str
    admission: str
    direction: Literal["publish", "watch"]
    page: str = ""
    """The page that made it, empty for tools."""
    names: tuple[str, ...] = ()
    """Sources of a publisher, or named slots of a watcher."""
    plain: tuple[Kind, ...] = ()
    """Kinds of a plain watcher's m-lines."""
    screen_first: bool = False

    @property
    def papers(self) -> frozenset[str]:
        """As `Principal.papers`."""
        return frozenset({self.principal, self.admission})

    def watcher(self, wall_rooms: tuple[str, ...] = ()) -> Watcher:
        """The session as the media plan sees it."""
        return Watcher(self.role, self.participant, self.names, self.plain, self.screen_first, wall_rooms)


def make_tag(
    principal: Principal,
    direction: Literal["publish", "watch"],
    page: str,
    names: tuple[str, ...] = (),
    plain: tuple[Kind, ...] = (),
    screen_first: bool = False,
) -> Tag:
    """The tag of a new session of `principal`."""
    return Tag(
        lesson=principal.lesson,
        participant=principal.participant,
        role=principal.role,
        principal=principal.id,
        admission=principal.admission,
        direction=direction,
        page=page,
        names=names,
        plain=plain,
        screen_first=screen_first,
    )


def encode_tag(tag: Tag) -> str:
    """The tag as the text the worker keeps."""
    return msgspec.json.encode(tag).decode()


def decode_tag(text: str) -> Tag | None:
    """The tag in a worker's text, None if it is not ours."""
    try:
        return msgspec.json.decode(text, type=Tag)
    except msgspec.MsgspecError:
        return None
