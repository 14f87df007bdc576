"""What the domain says when it says no."""

from __future__ import annotations


class Refused(Exception):
    """The lesson's rules do not allow it. `code` is one of `server.errors`; the sentence is the catalogue's matter."""

    def __init__(self, code: str, **params: str | int | float) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
