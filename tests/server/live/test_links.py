from __future__ import annotations

from server.live.links import new_id


def test_an_id_is_a_word_on_a_command_line() -> None:
    ids = {new_id() for _ in range(500)}
    assert len(ids) == 500
    assert all(word.isalnum() and len(word) == 32 for word in ids)
