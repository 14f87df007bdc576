"""What a file is: its first bytes say, not its name."""

from __future__ import annotations

from server.domain.courseware import Kind
from server.errors import CoursewareType

HEAD = 1024
"""Bytes that are looked at."""
_SPACE = b"\xef\xbb\xbf \t\r\n"


def kind_of(head: bytes) -> Kind:
    """Raises `CoursewareType`: SVG, old presentations, whatever is none of ours."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(b"PK\x03\x04"):
        return "pptx"
    if head.lstrip(_SPACE).startswith(b"%PDF-"):
        return "pdf"
    raise CoursewareType("none of ours")
