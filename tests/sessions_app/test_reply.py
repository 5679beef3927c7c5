"""What an agent sends: once, only by the owner, and with a delivery that tells the truth."""

from functools import partial
from uuid import uuid4

import pytest

from bots.models import OutboundCall
from core import tx
from core.errors import Refusal
from core.text import utf16_length
from live.models import Event
from sessions_app.actions.messages import reply
from sessions_app.models import ChatSession, Message
from sessions_app.texts import parts
from tests.factories import make_agent, make_lease, make_member, make_session
from tests.support.calls import DOUBT, REFUSED, sent, settle
from tests.support.threads import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(project):
    return online(make_agent(project, "Alice"))


@pytest.fixture
def bob(project):
    return online(make_agent(project, "Bob"))


@pytest.fixture
def session(project, alice):
    return make_session(project, owner=alice)


def online(agent):
    make_lease(agent.user)
    return agent


def send(session, agent, text="Hello", *, key=None, reply_to=None):
    return reply(
        session=session, actor=agent.user, key=key or uuid4(), text=text, reply_to=reply_to
    )


def refusal(session, agent, text="Hello", **kwargs):
    with pytest.raises(Refusal) as refused:
        send(session, agent, text, **kwargs)
    return refused.value


def texts():
    calls = OutboundCall.objects.order_by("pk")
    return [call.params["text"] for call in calls]


def events(kind):
    return [row.payload for row in Event.objects.filter(kind=kind).order_by("number")]


def test_it_queues_the_text_for_the_customer(session, alice):
    message = send(session, alice, "  Hello \n")
    call = OutboundCall.objects.get()
    assert (call.method, call.chat_id) == ("sendMessage", session.customer.telegram_id)
    assert call.params == {"chat_id": session.customer.telegram_id, "text": "Hello"}
    assert (message.text, message.delivery, message.number) == ("Hello", "queued", 1)
    assert message.author == alice


def test_it_shows_the_reply_in_the_list(session, alice):
    ChatSession.objects.update(unanswered_since=session.opened_at)
    send(session, alice, "Here you are")
    session.refresh_from_db()
    assert (session.last_message_text, session.last_message_direction) == ("Here you are", "out")
    assert session.unanswered_since is None


def test_it_tells_pages(session, alice):
    message = send(session, alice)
    assert events("message.changed")[0]["id"] == str(message.public_id)
    assert events("session.changed")[0]["last"]["text"] == "Hello"


def test_it_answers_a_certain_message(session, alice):
    send(session, alice, reply_to=77)
    assert OutboundCall.objects.get().params["reply_parameters"] == {
        "message_id": 77,
        "allow_sending_without_reply": True,
    }


# ---------------------------------------------------------------- the key


def test_it_gives_the_first_result_to_a_repeat(session, alice):
    key = uuid4()
    first = send(session, alice, key=key)
    assert send(session, alice, key=key) == first
    assert texts() == ["Hello"]


@pytest.mark.parametrize("change", [{"text": "Other"}, {"reply_to": 5}])
def test_it_refuses_a_key_with_another_body(session, alice, change):
    key = uuid4()
    send(session, alice, key=key)
    assert refusal(session, alice, **change | {"key": key}).code == "key_reused"
    assert texts() == ["Hello"]


def test_it_sends_once_though_send_is_pressed_many_times_at_once(session, alice):
    for round in range(1, 6):
        press = partial(tx.run, partial(send, session, alice, key=uuid4()))
        results = together(*[press] * 6)
        assert len({message.pk for message in results}) == 1
        assert texts() == ["Hello"] * round


def test_it_gives_the_first_result_though_the_session_is_gone(session, alice):
    key = uuid4()
    first = send(session, alice, key=key)
    ChatSession.objects.update(state="completed")
    session.refresh_from_db()
    assert send(session, alice, key=key) == first


# ---------------------------------------------------------------- who may


def test_it_lets_only_the_owner_reply(session, bob):
    refused = refusal(session, bob)
    assert refused.code == "not_owner"
    assert refused.data == {"owner": {"id": str(session.owner.public_id), "name": "Alice"}}
    assert texts() == []


def test_it_lets_no_manager_reply_who_is_not_the_owner(session, project):
    manager = make_member(project.company, role="manager").user
    with pytest.raises(Refusal) as refused:
        reply(session=session, actor=manager, key=uuid4(), text="Hello")
    assert refused.value.code == "no_reply_right"


def test_it_refuses_an_agent_without_the_right(session, alice):
    alice.may_reply = False
    alice.save()
    assert refusal(session, alice).code == "no_reply_right"


def test_it_refuses_a_reply_to_a_completed_session(session, alice):
    ChatSession.objects.update(state="completed")
    session.refresh_from_db()
    assert refusal(session, alice).code == "completed"


def test_it_claims_an_unassigned_session_and_sends_in_one_action(project, alice):
    session = make_session(project)
    send(session, alice, "Mine")
    session.refresh_from_db()
    assert (session.state, session.owner) == ("assigned", alice)
    assert texts() == ["Mine"]
    lines = session.messages.order_by("number").values_list("direction", "kind")
    assert list(lines) == [("system", "claimed"), ("out", "text")]


def test_it_sends_nothing_if_the_claim_is_refused(project):
    away = make_agent(project, "Away")  # no page open
    session = make_session(project)
    assert refusal(session, away).code == "target_cannot_receive"
    session.refresh_from_db()
    assert (session.state, texts(), session.message_count) == ("unassigned", [], 0)


def test_it_lets_one_of_many_first_replies_win(project, alice, bob):
    for _ in range(5):
        session = make_session(project)
        results = together(
            partial(tx.run, partial(send, session, alice)),
            partial(tx.run, partial(send, session, bob)),
        )
        lost = [result for result in results if isinstance(result, Refusal)]
        assert [refused.code for refused in lost] == ["not_owner"]
        session.refresh_from_db()
        assert lost[0].data["owner"]["id"] == str(session.owner.public_id)
    assert len(texts()) == 5


# ---------------------------------------------------------------- length


def test_it_sends_4096_characters_whole(session, alice):
    send(session, alice, "x" * 4096)
    assert texts() == ["x" * 4096]


def test_it_parts_4097_characters_in_two_calls_of_one_message(session, alice):
    send(session, alice, "x" * 4097)
    assert texts() == ["x" * 4096, "x"]
    assert Message.objects.get().parts.count() == 2
    assert len(set(OutboundCall.objects.values_list("batch"))) == 1


def test_it_counts_as_telegram_does(session, alice):
    send(session, alice, "😀" * 2049)
    assert [utf16_length(text) for text in texts()] == [4096, 2]


def test_it_parts_where_people_would(session, alice):
    send(session, alice, "a" * 3000 + "\n\n" + "b" * 1000 + " " + "c" * 1000)
    assert texts() == ["a" * 3000, "b" * 1000 + " " + "c" * 1000]


@pytest.mark.parametrize(
    "sign", ["e\u0301", "\U0001f469\u200d\U0001f469\u200d\U0001f466", "👍🏽", "❤\ufe0f", "🇩🇪"]
)
@pytest.mark.parametrize("before", [4093, 4094, 4095])
def test_it_cuts_through_nothing_that_is_seen_as_one(sign, before):
    text = "x" * before + sign + "y" * 10
    first, second = parts(text)
    assert first + second == text
    assert sign in first or sign in second
    assert utf16_length(first) <= 4096


def test_it_cuts_a_sign_that_fits_in_no_part():
    text = "e" + "\u0301" * 5000
    assert "".join(parts(text)) == text
    assert max(map(utf16_length, parts(text))) <= 4096


def test_it_sends_ten_parts_and_no_more(session, alice):
    send(session, alice, "x" * 40_960)
    assert len(texts()) == 10
    refused = refusal(session, alice, "x" * 40_961)
    assert (refused.code, refused.data) == ("invalid", {"length": 40_961, "limit": 40_960})


@pytest.mark.parametrize("text", ["", " \n ", None, 5, ["Hello"]])
def test_it_refuses_what_is_no_text(session, alice, text):
    assert refusal(session, alice, text).code == "invalid"


def test_it_keeps_what_databases_refuse(session, alice):
    send(session, alice, "a\x00b\ud800c")
    assert texts() == ["a\ufffdb\ufffdc"]


def test_it_answers_with_the_first_part(session, alice):
    send(session, alice, "x" * 4097, reply_to=5)
    assert ["reply_parameters" in call.params for call in OutboundCall.objects.order_by("pk")] == [
        True,
        False,
    ]


# ---------------------------------------------------------------- what became of it


def test_it_shows_that_it_was_sent_and_where(session, alice):
    send(session, alice)
    settle(session.bot, sent(501))
    message = Message.objects.get()
    assert (message.delivery, message.telegram_message_id) == ("sent", 501)
    last = events("message.changed")[-1]
    assert (last["delivery"], last["place"], last["error"]) == ("sent", 501, None)


def test_it_stays_queued_until_the_last_part_is_sent(session, alice):
    send(session, alice, "x" * 4097)
    settle(session.bot, sent(501))
    assert Message.objects.get().delivery == "queued"
    settle(session.bot, sent(502))
    assert (Message.objects.get().delivery, Message.objects.get().telegram_message_id) == (
        "sent",
        501,
    )


def test_it_is_as_bad_as_its_worst_part(session, alice):
    send(session, alice, "x" * 9000)
    settle(session.bot, sent(501), DOUBT)
    message = Message.objects.get()
    assert (message.delivery, message.delivery_error) == ("uncertain", "unknown")
    assert message.telegram_message_id == 501


def test_it_shows_why_it_failed_and_that_the_customer_has_blocked_the_bot(session, alice):
    send(session, alice)
    settle(session.bot, REFUSED)
    message = Message.objects.get()
    assert (message.delivery, message.delivery_error) == ("failed", "403")
    session.customer.refresh_from_db()
    assert session.customer.blocked_at
    assert events("customer.changed")[-1]["blocked"] is True
    assert events("message.changed")[-1]["error"] == {"code": "403", "text": REFUSED.text}


def test_it_lets_an_agent_try_a_customer_who_has_blocked_the_bot(session, alice):
    send(session, alice)
    settle(session.bot, REFUSED)
    send(session, alice, "Are you there?")
    settle(session.bot, sent(502))
    assert Message.objects.get(number=2).delivery == "sent"
