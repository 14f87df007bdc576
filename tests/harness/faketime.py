"""A process whose wall clock jumps while it runs: libfaketime, told by a file. Its monotonic clock stays true."""

from __future__ import annotations

from pathlib import Path

import pytest

_LIBRARY = next((path for at in ("/usr/lib", "/usr/lib64", "/usr/local/lib") for path in Path(at).glob("**/libfaketimeMT.so.1")), None)
needs_faketime = pytest.mark.skipif(_LIBRARY is None, reason="libfaketime is not installed (Debian: faketime)")


class Jumping:
    """The clock of whatever is started in `environment`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "faketime"
        self.jump(0)

    def jump(self, seconds: int) -> None:
        """So far from the machine's clock, within a second."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.rename(self._file)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(_LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
