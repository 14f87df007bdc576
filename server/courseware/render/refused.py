"""Why a file is not taken."""

from __future__ import annotations


class RefusedFile(Exception):
    """`code` without `courseware.`; the sentence is the catalogue's matter."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code = f"courseware.{code}"
        self.params = params
