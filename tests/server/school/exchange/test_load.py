"""Large tables keep nobody else waiting: neither the event loop nor the database."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import event

from server.school.exchange import exchange
from tests.server.school.exchange.conftest import Trade, counts
from tests.server.school.exchange.test_courses import HEAD, term  # noqa: F401  # fixture


async def test_cells_are_read_outside_the_event_loop(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: dict[str, threading.Thread] = {}
    for name in ("read_table", "read_rows", "write_table"):
        before = getattr(exchange, name)

        def noted(*arguments: Any, name: str = name, before: Any = before) -> Any:
            threads[name] = threading.current_thread()
            return before(*arguments)

        monkeypatch.setattr(exchange, name, noted)
    assert counts(await trade.apply("x.admin", "rooms", "学校代码,教室代码,名称,类型,排数,列数\nC-x1,7,a,两用,5,8\n")) == (1, 0, 0)
    await trade.export("x.admin", "rooms")
    assert set(threads) == {"read_table", "read_rows", "write_table"}
    assert threading.main_thread() not in threads.values()


async def test_a_term_is_read_once_however_many_courses_it_has(trade: Trade, term: None) -> None:  # noqa: F811
    places = [(weekday, period) for weekday in range(1, 6) for period in (1, 2)]
    text = HEAD + "".join(
        f"C-x1,课程{number},数学,小学,三年级,人教版,上册,x1.teacher,T1,石桥专递课堂,,{weekday},{period},\n"
        for number, (weekday, period) in enumerate(places)
    )
    assert counts(await trade.apply("x.admin", "courses", text)) == (10, 0, 0)
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    engine = trade.office.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        rows = await trade.export("x.admin", "courses")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(rows) == 11
    assert len([one for one in asked if "FROM term " in f"{one} ".replace("\n", " ")]) == 1
