"""The demo lesson: its name, who takes part by themselves, and which links are left for visitors. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from server.domain.link import Link
from server.domain.principal import Role

LESSON = "演示课"
"""Its name, as pages show it."""
WORD = "demo"
"""What it is called on the command line."""
SYNTHETIC_MASTER = "主讲教室（演示）"
SYNTHETIC_CLASSROOMS = ("石桥村小学", "红旗小学")
VISITORS: tuple[tuple[Role, str], ...] = (
    ("classroom", "第 3 教室"),
    ("master", "主讲教室"),
    ("viewer", "观众"),
    ("wall", "教室墙"),
)
"""Links for people: role and name."""


def usable(links: Iterable[Link], role: Role, name: str, until_ms: int) -> Link | None:
    """The newest link of this role and name that may still be entered at `until_ms` (UTC)."""
    fitting = (link for link in links if (link.role, link.name) == (role, name) and link.revoked_at is None)
    living = [link for link in fitting if link.expires_at is None or link.expires_at > until_ms]
    return max(living, key=lambda link: link.created, default=None)


def for_visitors(links: Iterable[Link], now_ms: int) -> list[Link]:
    """The newest usable link of each kind a visitor may take, in order of interest."""
    known = list(links)
    found = (usable(known, role, name, now_ms) for role, name in VISITORS)
    return [link for link in found if link]
