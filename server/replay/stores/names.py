"""Names of files, of what is sealed in them, and of the objects they are in a store."""

from __future__ import annotations

from media.client import manifest
from server.domain.kept import Kept
from server.errors import NotThere
from server.replay.stores.s3 import Store

SEALED = ".sealed"
"""What the name of a sealed file ends with."""
LONGEST_NAME = 100


def about(recording: str, folder: str, name: str) -> str:
    """What a file is, as it is sealed."""
    return f"{recording}/{folder}/{name}"


def folder_key(store: Store, recording: str, folder: str) -> str:
    """What the keys of all objects of a folder begin with."""
    return store.key("recordings", recording, folder, "")


def object_key(store: Store, kept: Kept, name: str) -> str:
    """Of one file. A folder that is made anew has other keys: nothing is ever overwritten that somebody may be reading."""
    return f"{folder_key(store, kept.recording, kept.folder)}{kept.mark[:16]}/{name}{SEALED if kept.sealed else ''}"


def checked(name: str) -> str:
    """The name of a playable file. Raises `NotThere` for what can be none; the manifest is no playable file."""
    if name == manifest.MANIFEST:
        raise NotThere
    return known(name)


def known(name: str) -> str:
    """A word of a path. Raises `NotThere` for what can be none."""
    if not name or "/" in name or "\0" in name or name.startswith(".") or len(name) > LONGEST_NAME:
        raise NotThere
    return name
