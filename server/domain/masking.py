"""What lists and logs show of personal data. Pure."""

from __future__ import annotations


def masked_name(name: str) -> str:
    """`张三丰` → `张*丰`, `张三` → `张*`, `Anna Berg` → `A*** B***`."""
    name = name.strip()
    if not name:
        return ""
    if name.isascii():
        return " ".join(word[0] + "***" for word in name.split())
    return name[0] + "*" if len(name) <= 2 else name[0] + "*" * (len(name) - 2) + name[-1]


def masked_number(number: str) -> str:
    """The last four characters of a long number, the last two of a short one: `****1234`."""
    if not number:
        return ""
    shown = 4 if len(number) >= 8 else 2 if len(number) >= 4 else 0
    return "****" + number[len(number) - shown :]
