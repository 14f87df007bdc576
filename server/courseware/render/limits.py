"""What this process may use of the machine. A live lesson goes first."""

from __future__ import annotations

import os
import resource

GIB = 1024**3
MEMORY = 2 * GIB
OFFICE_MEMORY = 6 * GIB
"""Of address space: LibreOffice maps far more than it uses."""
CPU_SECONDS = 1200
FILE_BYTES = GIB // 2
FILES = 256
NICE = 10


def apply(memory: int) -> None:
    """Bound this process and its children. The hard limit stays open for memory only, so that it can be narrowed later."""
    os.nice(NICE)
    _bound(resource.RLIMIT_AS, memory)
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _bound(what, most)


def narrow() -> None:
    """After LibreOffice: back to what drawing needs."""
    _bound(resource.RLIMIT_AS, MEMORY)


def _bound(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (allowed, allowed))
