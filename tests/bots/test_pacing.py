"""About one message a second to a chat, in short bursts, and thirty a second for a bot."""

import pytest

from bots.gateway.pacing import Pacer
from bots.models import OutboundCall


class Hands:
    """A clock that stands still until it is moved."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def pacer(hands):
    return Pacer(clock=hands)


def sent(pacer, *, bot=1, chat=1, tries=100):
    return sum(pacer.may_send(OutboundCall(bot_id=bot, chat_id=chat)) for _ in range(tries))


def test_a_chat_gets_a_burst_of_three_and_then_one_a_second(pacer, hands):
    assert sent(pacer) == 3
    hands.now += 0.9
    assert sent(pacer) == 0
    hands.now += 0.1
    assert sent(pacer) == 1
    hands.now += 10
    assert sent(pacer) == 3


def test_chats_do_not_slow_each_other(pacer):
    assert [sent(pacer, chat=chat) for chat in range(5)] == [3] * 5


def test_a_bot_sends_thirty_a_second(pacer, hands):
    assert sum(sent(pacer, chat=chat, tries=1) for chat in range(100)) == 30
    hands.now += 1
    assert sum(sent(pacer, chat=chat, tries=1) for chat in range(100, 200)) == 30


def test_a_bot_that_has_sent_all_it_may_needs_no_look(pacer, hands):
    assert pacer.has_room(1)
    for chat in range(30):
        sent(pacer, chat=chat, tries=1)
    assert not pacer.has_room(1)
    assert pacer.next_in == pytest.approx(1 / 30)
    hands.now += 0.04
    assert pacer.has_room(1)


def test_bots_do_not_slow_each_other(pacer):
    assert sum(sent(pacer, bot=bot, chat=chat) for bot in (1, 2) for chat in range(10)) == 60


def test_it_says_when_to_ask_again(pacer, hands):
    assert pacer.next_in == float("inf")
    sent(pacer)
    assert pacer.next_in == pytest.approx(1)
    hands.now += 0.75
    sent(pacer)
    assert pacer.next_in == pytest.approx(0.25)
    pacer.begin_round()
    assert pacer.next_in == float("inf")


def test_it_forgets_chats_that_have_rested(pacer, hands):
    for chat in range(10_001):
        sent(pacer, bot=chat, chat=chat, tries=1)
    hands.now += 2
    sent(pacer, bot=0, chat=0, tries=3)
    pacer.begin_round()
    assert set(pacer.buckets) == {0, (0, 0)}
