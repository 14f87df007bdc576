"""The root of the tree."""

from __future__ import annotations

from typing import ClassVar


class AppError(Exception):
    """A refusal that a person or a tool may read."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(self, detail: str = "", **params: str | int | float) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        """For the log, English; never sent."""
        self.params = params
