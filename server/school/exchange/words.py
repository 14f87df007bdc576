"""What people write in a table, as the codes we keep, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_DIGITS = {sign: number for number, sign in enumerate("一二三四五六七八九", 1)} | {"十": 10, "十一": 11, "十二": 12}


@dataclass(frozen=True, slots=True)
class Words:
    """Code → the word we write, and other words we understand."""

    written: Mapping[str, str]
    other: Mapping[str, str]
    """Word → code."""

    def read(self, text: str) -> str:
        """The code; what is no known word stays, for the type to refuse."""
        plain = re.sub(r"\s", "", text).casefold()
        known = {word: code for code, word in self.written.items()} | dict(self.other) | {code: code for code in self.written}
        return known.get(plain, text)

    def write(self, code: str) -> str:
        """The word; a code without one as it is."""
        return self.written.get(code, code)

    def all(self) -> str:
        """Every word, for who wrote another."""
        return "、".join(self.written.values())


TIER = Words(
    {"nation": "国家", "province": "省", "city": "市", "county": "县", "school": "学校", "point": "教学点"},
    {"区": "county", "区县": "county", "县区": "county", "自治区": "province", "州": "city", "地区": "city"},
)
ROOM_KIND = Words({"master": "主讲", "remote": "远端", "both": "两用"}, {"主讲教室": "master", "听讲": "remote", "听讲教室": "remote"})
ROLE = Words(
    {
        "admin": "管理员",
        "inspector": "巡课员",
        "teacher": "主讲教师",
        "assistant": "助教",
        "librarian": "资源管理员",
        "reviewer": "审核员",
    },
    {"教师": "teacher", "老师": "teacher", "主讲": "teacher", "助教老师": "assistant"},
)
STAGE = Words({"primary": "小学", "junior": "初中", "senior": "高中"}, {})
SUBJECT = Words(
    {
        "chinese": "语文",
        "maths": "数学",
        "english": "英语",
        "science": "科学",
        "morals": "道德与法治",
        "music": "音乐",
        "art": "美术",
        "pe": "体育",
        "it": "信息科技",
        "physics": "物理",
        "chemistry": "化学",
        "biology": "生物",
        "history": "历史",
        "geography": "地理",
    },
    {"信息技术": "it", "道法": "morals", "体育与健康": "pe"},
)
WEEKS = Words({"all": "每周", "odd": "单周", "even": "双周"}, {"全部": "all", "单": "odd", "双": "even"})
WEEKDAY = Words(
    {str(n): f"星期{sign}" for n, sign in enumerate("一二三四五六日", 1)},
    {f"{head}{sign}": str(n) for n, sign in enumerate("一二三四五六日", 1) for head in ("", "周", "礼拜")}
    | {f"{head}天": "7" for head in ("", "星期", "周", "礼拜")}
    | {day: str(n) for n, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 1)},
)


def same(text: str) -> str:
    """As it was written."""
    return text


def grades(text: str) -> list[str]:
    """`3`, `三年级`, `3、4`, `一 二`: the numbers, for a mixed class several."""
    return [_number(part.removesuffix("年级").removesuffix("年")) for part in re.split(r"[,，、;；/\s]+", text.strip()) if part]


def grade(text: str) -> str:
    """`三年级` is `3`; whatever else stays."""
    return _number(text.strip().removesuffix("年级"))


def _number(text: str) -> str:
    return str(_DIGITS.get(text, text))


def year(text: str) -> str:
    """The school year's first calendar year: of `2026`, `2026-2027`, `2026学年`."""
    found = re.fullmatch(r"(\d{4})(?:\s*[-–—~至/]\s*(?:\d{2}){1,2})?\s*(?:学年度?)?", text.strip())
    return found[1] if found else text


def period(text: str) -> str:
    """`第3节` is `3`."""
    found = re.fullmatch(r"第?\s*(\S+?)\s*节?", text.strip())
    return _number(found[1]) if found else text


def weeks(text: str) -> str:
    """`单周` is `odd`; numbers without spaces, `第1-8周` without its words."""
    plain = WEEKS.read(text)
    return plain if plain in WEEKS.written else re.sub(r"[\s第周]", "", plain.lower()).replace("，", ",").replace("、", ",")


def unmasked(text: str) -> str:
    """A number as our own export masks it says nothing."""
    return "" if text.startswith("****") else text


Read = Callable[[str], str | list[str]]
