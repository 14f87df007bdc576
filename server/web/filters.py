"""How templates write times: Babel's words for the page's language, in the school's time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, tzinfo

from babel.dates import format_date, format_datetime, format_time

_LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}


def _span(ms: int) -> str:
    """How long something is: `0:07`, `45:00`, `1:30:00`."""
    seconds = max(0, round(ms / 1000))
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def _size(octets: int) -> str:
    """How large a file is."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if octets >= factor:
            return f"{octets / factor:.1f} {unit}"
    return f"{max(1, round(octets / 1000))} kB"


def filters(lang: str, zone: tzinfo) -> dict[str, Callable[..., str]]:
    """`moment`: UTC ms as date and time; `hour`: as time of day; `day`: `YYYY-MM-DD` or UTC ms as a date with its weekday;
    `span`: ms as minutes and seconds; `size`: bytes.
    """
    locale = _LOCALES[lang]

    def local(at: int) -> datetime:
        return datetime.fromtimestamp(at / 1000, zone)

    def day(value: int | str) -> str:
        shown = date.fromisoformat(value) if isinstance(value, str) else local(value).date()
        return format_date(shown, "M月d日 EEE" if lang == "zh" else "EEE d MMM", locale=locale)

    return {
        "moment": lambda at: format_datetime(local(at), "M月d日 HH:mm" if lang == "zh" else "d MMM, HH:mm", locale=locale) if at else "",
        "hour": lambda at: format_time(local(at), "HH:mm", locale=locale) if at else "",
        "day": day,
        "span": _span,
        "size": _size,
        "isoday": lambda at: local(at).date().isoformat() if at else "",
    }
