from __future__ import annotations

import random

from aioice import stun

from media.fanout.interface import Path
from media.transport import ice
from media.transport.ice import Changed, Credentials, Evicted, IceAgent, IceState, Respond, Retired, Selected, Validated
from media.transport.stun import Check
from tests.media.transport.support import SECOND, request

LOCAL = Credentials("w0abcdefgh", "p" * 24)
NEXT = Credentials("w0ijklmnop", "q" * 24)
SOURCE = ("192.0.2.9", 5000)


def path(n: int) -> Path:
    return Path(0, ("192.0.2.9", n))


def ask(agent: IceAgent, where: Path, now: int, cred: Credentials = LOCAL, **kwargs: object) -> list[ice.Action]:
    return agent.receive(Check(request(cred.ufrag, cred.pwd, **kwargs)), where, SOURCE, now)  # type: ignore[arg-type]


def test_a_plain_check_validates_and_does_not_select() -> None:
    agent = IceAgent(LOCAL, 0)
    actions = ask(agent, path(1), 0)
    assert Validated(path(1)) in actions
    assert not any(isinstance(action, Selected) for action in actions)
    assert agent.state is IceState.NEW
    assert agent.reply_path == path(1)


def test_the_answer_carries_the_mapped_address_and_is_signed() -> None:
    agent = IceAgent(LOCAL, 0)
    raw = request(LOCAL.ufrag, LOCAL.pwd, transaction=b"t" * 12)
    respond = agent.receive(Check(raw), path(1), ("2001:db8::7", 4711), 0)[0]
    assert isinstance(respond, Respond)
    answer = stun.parse_message(respond.packet)
    assert answer.message_class == stun.Class.RESPONSE
    assert answer.transaction_id == b"t" * 12
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == ("2001:db8::7", 4711)
    assert answer.check_message_integrity(LOCAL.pwd.encode())
    assert "FINGERPRINT" in answer.attributes


def test_media_follows_the_latest_nomination_only() -> None:
    agent = IceAgent(LOCAL, 0)
    assert Selected(path(1)) in ask(agent, path(1), 0, nominate=True)
    assert agent.state is IceState.CONNECTED
    ask(agent, path(2), 1)
    assert agent.selected == path(1)
    assert Selected(path(2)) in ask(agent, path(2), 2, nominate=True)
    again = ask(agent, path(2), 3, nominate=True)
    assert [type(action) for action in again] == [Respond]


def test_wrong_integrity_is_counted_and_unanswered() -> None:
    agent = IceAgent(LOCAL, 0)
    assert ask(agent, path(1), 0, Credentials(LOCAL.ufrag, "wrong")) == []
    assert ask(agent, path(1), 0, Credentials("other", LOCAL.pwd)) == []
    assert agent.wrong_integrity == 2
    assert agent.paths == ()


def test_a_controlled_peer_is_told_to_switch() -> None:
    agent = IceAgent(LOCAL, 0)
    actions = ask(agent, path(1), 0, role="ICE-CONTROLLED", nominate=True)
    assert len(actions) == 1
    assert isinstance(actions[0], Respond)
    answer = stun.parse_message(actions[0].packet)
    assert answer.message_class == stun.Class.ERROR
    assert answer.error_code == 487
    assert answer.check_message_integrity(LOCAL.pwd.encode())
    assert agent.paths == ()
    assert agent.selected is None


def test_a_check_without_role_is_taken() -> None:
    assert Selected(path(1)) in ask(IceAgent(LOCAL, 0), path(1), 0, role=None, nominate=True)


def test_at_most_eight_paths_and_never_the_selected_is_evicted() -> None:
    rng = random.Random(7)
    agent = IceAgent(LOCAL, 0)
    ask(agent, path(0), 0, nominate=True)
    held = {path(0)}
    for step in range(500):
        for action in ask(agent, path(rng.randrange(30)), step, nominate=rng.random() < 0.05):
            if isinstance(action, Validated):
                held.add(action.path)
            if isinstance(action, Evicted):
                assert action.path != agent.selected
                held.remove(action.path)
        assert held == set(agent.paths)
        assert len(held) <= ice.MAX_PATHS
        assert agent.selected in held


def test_the_least_recently_used_goes_first() -> None:
    agent = IceAgent(LOCAL, 0)
    for n in range(8):
        ask(agent, path(n), n)
    ask(agent, path(0), 9)
    assert Evicted(path(1)) in ask(agent, path(8), 10)


def test_the_old_generation_answers_until_the_new_is_nominated() -> None:
    agent = IceAgent(LOCAL, 0)
    ask(agent, path(1), 0, nominate=True)
    assert agent.restart(NEXT, 1) == []
    assert agent.ufrags == (LOCAL.ufrag, NEXT.ufrag)
    assert ask(agent, path(1), 2) != []
    assert Validated(path(2)) in ask(agent, path(2), 3, NEXT)
    assert agent.selected == path(1)
    actions = ask(agent, path(2), 4, NEXT, nominate=True)
    assert Retired(LOCAL.ufrag) in actions
    assert Selected(path(2)) in actions
    assert ask(agent, path(1), 5) == []
    assert agent.ufrags == (NEXT.ufrag,)


def test_a_second_restart_replaces_the_first_unless_that_was_nominated() -> None:
    agent = IceAgent(LOCAL, 0)
    ask(agent, path(1), 0, nominate=True)
    agent.restart(NEXT, 1)
    third = Credentials("w0third000", "r" * 24)
    assert agent.restart(third, 2) == [Retired(NEXT.ufrag)]
    assert agent.ufrags == (LOCAL.ufrag, third.ufrag)


def test_consent_times() -> None:
    agent = IceAgent(LOCAL, 0)
    ask(agent, path(1), 0, nominate=True)
    assert agent.poll_timeout() == 10 * SECOND
    assert agent.handle_timeout(10 * SECOND - 1) == []
    assert agent.handle_timeout(10 * SECOND) == [Changed(IceState.DISCONNECTED)]
    assert agent.poll_timeout() == 30 * SECOND
    assert agent.handle_timeout(30 * SECOND) == [Selected(None), Changed(IceState.SILENT)]
    assert agent.reply_path is None
    assert agent.poll_timeout() == 75 * SECOND
    assert agent.handle_timeout(75 * SECOND) == [Changed(IceState.DEAD)]
    assert agent.poll_timeout() is None
    assert ask(agent, path(1), 76 * SECOND, nominate=True) == []


def test_the_first_valid_check_revives() -> None:
    agent = IceAgent(LOCAL, 0)
    ask(agent, path(1), 0, nominate=True)
    agent.handle_timeout(40 * SECOND)
    assert agent.state is IceState.SILENT
    actions = ask(agent, path(1), 60 * SECOND)
    assert Selected(path(1)) in actions
    assert Changed(IceState.CONNECTED) in actions
    assert agent.poll_timeout() == 70 * SECOND


def test_checks_elsewhere_keep_alive_and_give_no_consent() -> None:
    agent = IceAgent(LOCAL, 0)
    ask(agent, path(1), 0, nominate=True)
    for second in range(5, 120, 5):
        ask(agent, path(2), second * SECOND)
        agent.handle_timeout(second * SECOND)
    assert agent.state is IceState.SILENT
    assert Selected(path(2)) in ask(agent, path(2), 120 * SECOND, nominate=True)


def test_authenticated_media_counts_as_life_but_does_not_revive() -> None:
    agent = IceAgent(LOCAL, 0)
    ask(agent, path(1), 0, nominate=True)
    for second in range(0, 100, 5):
        agent.heard(second * SECOND)
        assert agent.handle_timeout(second * SECOND) == []
    agent.handle_timeout(126 * SECOND)
    assert agent.state is IceState.SILENT
    assert agent.heard(127 * SECOND) == []
    assert agent.state is IceState.SILENT


def test_old_media_ends_no_silence_and_fresh_media_does() -> None:
    agent = IceAgent(LOCAL, 0)
    ask(agent, path(1), 0, nominate=True)
    agent.handle_timeout(12 * SECOND)
    assert agent.heard(0) == []
    assert agent.heard(11 * SECOND) == [Changed(IceState.CONNECTED)]
    assert agent.poll_timeout() == 21 * SECOND


def test_a_lost_path_stops_sending_at_once() -> None:
    agent = IceAgent(LOCAL, 0)
    ask(agent, path(1), 0, nominate=True)
    assert agent.drop(path(1)) == [Evicted(path(1)), Selected(None), Changed(IceState.DISCONNECTED)]
    assert agent.drop(path(1)) == []
    assert agent.poll_timeout() == 75 * SECOND
    assert Changed(IceState.CONNECTED) in ask(agent, path(2), SECOND, nominate=True)


def test_never_nominated_dies_after_75_seconds() -> None:
    agent = IceAgent(LOCAL, 5)
    assert agent.poll_timeout() == 5 + 75 * SECOND
    assert agent.handle_timeout(5 + 75 * SECOND) == [Changed(IceState.DEAD)]


def test_random_lives_keep_their_promises() -> None:
    for seed in range(30):
        rng = random.Random(seed)
        agent, now, sending = IceAgent(LOCAL, 0), 0, None
        last_valid: dict[Path, int] = {}
        while agent.state is not IceState.DEAD and now < 600 * SECOND:
            now += rng.randrange(1, 25 * SECOND)
            actions: list[ice.Action] = []
            while (due := agent.poll_timeout()) is not None and due <= now:
                actions += agent.handle_timeout(due)
            where = path(rng.randrange(3))
            if agent.state is not IceState.DEAD and rng.random() < 0.7:
                actions += ask(agent, where, now, nominate=rng.random() < 0.5)
                last_valid[where] = now
            for action in actions:
                if isinstance(action, Selected):
                    sending = action.path
            if sending is not None:
                assert now - last_valid[sending] < 30 * SECOND
            assert agent.reply_path in (sending, None) or agent.selected is None
