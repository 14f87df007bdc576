"""Resources of the library."""

from __future__ import annotations

from server.errors.base import AppError


class LessonNotOver(AppError):
    """A resource is made of a lesson that has ended."""

    code = "resource.not_over"
    status = 409


class NotRecorded(AppError):
    """Of this lesson there is no recording that can be played, or not (any more) of this part."""

    code = "resource.not_recorded"
    status = 409


class ResourceState(AppError):
    """The resource stands elsewhere (`state`) than where this can be done."""

    code = "resource.state"
    status = 409


class ResourceIncomplete(AppError):
    """Something that a public resource must say is not said yet."""

    code = "resource.incomplete"
    status = 422


class ResourcePreparing(AppError):
    """The resource is public, but what may be seen of its recording is not cut yet."""

    code = "resource.preparing"
    status = 409


class ResourceWithdrawn(AppError):
    """The resource was public and is not any more."""

    code = "resource.withdrawn"
    status = 410
