"""Whose is this datagram: validated path → session, and STUN username fragment → session (M22, M26). Pure tables."""

from __future__ import annotations

from media.errors import MalformedPacket
from media.fanout.interface import Path
from media.wire import stun


class Directory:
    """Paths and username fragments of all sessions; bounded because sessions and their paths are."""

    def __init__(self) -> None:
        self._paths: dict[Path, int] = {}
        self._fragments: dict[str, int] = {}

    def __len__(self) -> int:
        """Validated paths."""
        return len(self._paths)

    def by_path(self, path: Path) -> int | None:
        """The session whose validated path this is."""
        return self._paths.get(path)

    def by_check(self, packet: bytes) -> int | None:
        """The session a Binding request names; None for a stranger's, another message or no STUN at all."""
        try:
            seen = stun.peek(packet)
        except MalformedPacket:
            return None
        if seen.method != stun.BINDING or seen.message_class != stun.REQUEST or seen.username is None:
            return None
        return self._fragments.get(seen.username.partition(":")[0])

    def take_path(self, path: Path, session: int) -> int | None:
        """The path is the session's now; returns the session that had it before, if another."""
        before = self._paths.get(path)
        self._paths[path] = session
        return before if before != session else None

    def leave_path(self, path: Path, session: int) -> bool:
        """Forget the path if it is still this session's; False if it was not."""
        if self._paths.get(path) != session:
            return False
        del self._paths[path]
        return True

    def paths_on(self, port: int) -> list[tuple[Path, int]]:
        """Every (path, session) over one port or connection."""
        return [(path, session) for path, session in self._paths.items() if path.port == port]

    def add_fragment(self, fragment: str, session: int) -> None:
        """The fragment names the session."""
        self._fragments[fragment] = session

    def remove_fragment(self, fragment: str) -> None:
        """The fragment names nobody any more."""
        self._fragments.pop(fragment, None)
