"""What people do to a message that was sent: once, only by those who may, and as it truly is."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from accounts.models import AuditEntry
from bots.actions import outbox
from bots.actions.outbox import Kind, Outcome
from bots.models import OutboundCall
from core import clock, tx
from core.errors import Refusal
from live.models import Event
from sessions_app.actions import changes
from sessions_app.actions.messages import reply
from sessions_app.models import ChatSession, Message, MessageChange
from tests.factories import make_agent, make_member, make_message, make_session
from tests.support.calls import DOUBT, REFUSED, claim_next, sent, settle
from tests.support.threads import together

pytestmark = pytest.mark.django_db

LONG = "x" * 9000  # three parts


@pytest.fixture
def session(project, alice):
    return make_session(project, owner=alice)


@pytest.fixture
def send(session, alice):
    """Send a text and let its calls end so."""

    def write(text, *outcomes):
        message = reply(session=session, actor=alice.user, key=uuid4(), text=text)
        settle(session.bot, *outcomes)
        return now(message)

    return write


def now(message):
    return Message.objects.select_related("session__owner__user").get(pk=message.pk)


def do(verb, message, actor=None, *, key=None, **how):
    actor = actor or message.session.owner.user
    key = key or uuid4()
    return verb(session=message.session, actor=actor, message=message, key=key, **how)


def refusal(verb, message, actor=None, **how):
    with pytest.raises(Refusal) as refused:
        do(verb, message, actor, **how)
    return refused.value.code


def waiting():
    calls = OutboundCall.objects.filter(state="queued").order_by("pk")
    return [(call.method, call.params.get("text")) for call in calls]


def shown(message):
    """The message as pages were told of it last."""
    events = Event.objects.filter(kind="message.changed").order_by("number")
    return [e.payload for e in events if e.payload["id"] == str(message.public_id)][-1]


# ---------------------------------------------------------------- send again


@pytest.mark.parametrize(("outcome", "was"), [(REFUSED, "failed"), (DOUBT, "uncertain")])
def test_it_sends_again_as_a_new_call(send, outcome, was):
    message = send("Hello", outcome)
    first = OutboundCall.objects.get()
    assert do(changes.resend, message).delivery == "queued"
    assert waiting() == [("sendMessage", "Hello")]
    first.refresh_from_db()
    assert first.state == was
    settle(message.session.bot, sent(501))
    assert (now(message).delivery, now(message).telegram_message_id) == ("sent", 501)
    change = MessageChange.objects.get()
    assert (change.verb, change.by.name, change.delivery_before) == ("resent", "Alice", was)


def test_it_sends_only_what_is_missing_and_in_order(send):
    message = send(LONG, sent(501), DOUBT)
    do(changes.resend, message)
    assert waiting() == [("sendMessage", "x" * 4096), ("sendMessage", "x" * 808)]
    settle(message.session.bot, sent(502), sent(503))
    assert (now(message).delivery, now(message).telegram_message_id) == ("sent", 501)


def test_it_sends_what_was_too_late_when_somebody_says_so(send, shift_clock):
    message = send("Hello")
    shift_clock(901)
    outbox.expire()
    assert (now(message).delivery, now(message).delivery_error) == ("failed", "too_late")
    do(changes.resend, message)
    settle(message.session.bot, sent(501))
    assert now(message).delivery == "sent"


def test_it_queues_behind_what_waits_already(send):
    message = send("first", DOUBT)
    send("second")
    do(changes.resend, message)
    assert [text for _, text in waiting()] == ["second", "first"]


def test_it_sends_once_for_a_key(send):
    message = send("Hello", DOUBT)
    key = uuid4()
    for _ in range(2):
        assert do(changes.resend, message, key=key).delivery == "queued"
    assert refusal(changes.recall, message, key=key) == "key_reused"
    assert refusal(changes.resend, message) == "not_undelivered"


@pytest.mark.django_db(transaction=True)
def test_it_sends_once_though_pressed_by_many_at_once(send):
    message = send("Hello", DOUBT)
    press = [partial(tx.run, partial(do, changes.resend, message, key=uuid4())) for _ in range(6)]
    results = together(*press)
    assert [result.code for result in results if isinstance(result, Refusal)] == [
        "not_undelivered"
    ] * 5
    assert len(waiting()) == 1


def test_it_sends_nothing_again_that_was_sent_or_whose_session_is_completed(send):
    assert refusal(changes.resend, send("Hello", sent(501))) == "not_undelivered"
    message = send("Hello", DOUBT)
    ChatSession.objects.update(state="completed")
    assert refusal(changes.resend, message) == "completed"


# ---------------------------------------------------------------- it arrived


def test_it_takes_a_persons_word_that_it_arrived(send):
    message = send("Hello", DOUBT)
    assert do(changes.confirm, message).delivery == "sent"
    call = OutboundCall.objects.get()
    assert (call.state, call.error_code, call.sent_at is None) == ("sent", "confirmed", False)
    told = shown(message)
    assert (told["delivery"], told["error"]) == ("sent", None)
    assert (told["change"]["verb"], told["change"]["by"]) == ("confirmed", "Alice")


def test_it_goes_on_with_the_parts_behind_the_one_that_arrived(send):
    message = send(LONG, sent(501), DOUBT)
    assert do(changes.confirm, message).delivery == "queued"
    assert waiting() == [("sendMessage", "x" * 808)]
    settle(message.session.bot, sent(503))
    assert now(message).delivery == "sent"


@pytest.mark.parametrize("outcome", [REFUSED, sent(501)])
def test_it_takes_no_word_where_there_is_no_doubt(send, outcome):
    assert refusal(changes.confirm, send("Hello", outcome)) == "not_uncertain"


# ---------------------------------------------------------------- edit


def test_it_edits_what_has_arrived(send):
    message = send("Helo", sent(501))
    do(changes.edit, message, text=" Hello ")
    assert waiting() == [("editMessageText", "Hello")]
    told = shown(message)
    assert (told["text"], told["delivery"], told["change"]["delivery"]) == (
        "Hello",
        "sent",
        "queued",
    )
    assert [old["text"] for old in told["versions"]] == ["Helo"]
    [call] = [*claim_next(message.session.bot)]
    assert call.params == {"chat_id": call.chat_id, "message_id": 501, "text": "Hello"}
    outbox.record(call=call, outcome=sent(501))
    assert shown(message)["change"] == {
        "verb": "edited",
        "by": "Alice",
        "at": told["change"]["at"],
        "delivery": "sent",
        "error": None,
        "text": "",
    }


def test_it_edits_what_has_not_left_yet_without_a_call(send):
    message = send("Helo")
    do(changes.edit, message, text="Hello")
    assert waiting() == [("sendMessage", "Hello")]
    assert [old["text"] for old in shown(message)["versions"]] == ["Helo"]


def test_it_edits_nothing_that_is_on_its_way_or_in_doubt(send):
    message = send("Helo")
    [call] = claim_next(message.session.bot)
    assert refusal(changes.edit, message, text="Hello") == "on_its_way"
    outbox.record(call=call, outcome=DOUBT)
    assert refusal(changes.edit, message, text="Hello") == "not_sent"
    do(changes.confirm, message)
    assert refusal(changes.edit, message, text="Hello") == "place_unknown"
    assert (now(message).text, waiting()) == ("Helo", [])


def test_it_edits_only_the_parts_that_differ_and_changes_no_number_of_them(send):
    message = send(LONG, sent(501), sent(502), sent(503))
    do(changes.edit, message, text="x" * 8999 + "y")
    assert waiting() == [("editMessageText", "x" * 807 + "y")]
    settle(message.session.bot, sent(503))
    assert refusal(changes.edit, message, text="short") == "invalid"
    do(changes.edit, message, text=LONG)
    assert waiting() == [("editMessageText", "x" * 808)]


@pytest.mark.parametrize("text", ["Helo", " Helo ", "", "x" * 50_000])
def test_it_refuses_texts_that_are_the_same_or_none(send, text):
    assert refusal(changes.edit, send("Helo", sent(501)), text=text) == "invalid"


def test_it_shows_the_old_text_again_if_telegram_refuses_the_new_one(send):
    message = send("one", sent(501))
    do(changes.edit, message, text="two")
    settle(message.session.bot, sent(501))
    before = shown(message)
    do(changes.edit, message, text="three")
    refused = Outcome(Kind.FAILED, code="cannot_edit", text="Bad Request: message can't be edited")
    settle(message.session.bot, refused)
    told = shown(message)
    for part in ("text", "versions", "edited_at"):
        assert told[part] == before[part]
    assert told["change"]["error"]["code"] == "cannot_edit"
    assert told["change"]["text"] == "three"
    session = ChatSession.objects.get()
    assert session.last_message_text == "two"


def test_it_makes_one_change_after_the_other(send):
    message = send("one", sent(501))
    do(changes.edit, message, text="two")
    assert refusal(changes.edit, message, text="three") == "changing"
    assert refusal(changes.recall, message) == "changing"


def test_a_lost_answer_to_an_edit_is_asked_again_under_any_policy(send, shift_clock):
    message = send("one", sent(501))
    do(changes.edit, message, text="two")
    settle(message.session.bot, DOUBT)
    assert shown(message)["change"]["delivery"] == "queued"
    shift_clock(1.1)
    settle(message.session.bot, Outcome(Kind.SENT, code="not_modified"))
    told = shown(message)
    assert (told["text"], told["change"]["delivery"]) == ("two", "sent")


# ---------------------------------------------------------------- recall


def test_it_recalls_what_has_arrived_and_shows_the_text_no_more(send):
    message = send("Secret", sent(501))
    do(changes.recall, message)
    told = shown(message)
    assert (told["kind"], told["text"], told["data"], told["versions"]) == ("recalled", "", {}, [])
    assert told["change"]["by"] == "Alice"
    assert ChatSession.objects.get().last_message_text == "[recalled]"
    [call] = claim_next(message.session.bot)
    assert (call.method, call.params["message_id"]) == ("deleteMessage", 501)
    outbox.record(call=call, outcome=Outcome(Kind.SENT))
    assert shown(message)["change"]["delivery"] == "sent"
    assert now(message).text == "Secret"
    assert refusal(changes.resend, message) == "recalled"


def test_it_recalls_what_has_not_left_by_never_sending_it(send):
    message = send("Secret")
    do(changes.recall, message)
    assert waiting() == []
    assert OutboundCall.objects.get().error_code == "withdrawn"
    assert shown(message)["kind"] == "recalled"


def test_it_recalls_every_part_and_keeps_back_the_rest(send):
    message = send(LONG, sent(501), sent(502))
    do(changes.recall, message)
    assert [method for method, _ in waiting()] == ["deleteMessage", "deleteMessage"]


def test_it_shows_the_text_again_if_telegram_does_not_delete_it(send):
    message = send("Hello", sent(501))
    do(changes.recall, message)
    settle(message.session.bot, Outcome(Kind.FAILED, code="cannot_delete", text="no"))
    told = shown(message)
    assert (told["kind"], told["text"]) == ("text", "Hello")
    assert (told["change"]["verb"], told["change"]["error"]["code"]) == (
        "recalled",
        "cannot_delete",
    )
    assert ChatSession.objects.get().last_message_text == "Hello"


def test_it_recalls_nothing_after_48_hours(send):
    message = send("Hello", sent(501))
    OutboundCall.objects.update(sent_at=clock.now() - timedelta(hours=48))
    assert refusal(changes.recall, message) == "too_old_to_recall"
    OutboundCall.objects.update(sent_at=clock.now() - timedelta(hours=47))
    do(changes.recall, message)


def test_it_recalls_nothing_whose_place_is_not_known(send):
    message = send("Hello", DOUBT)
    assert refusal(changes.recall, message) == "place_unknown"
    do(changes.confirm, message)
    assert refusal(changes.recall, message) == "place_unknown"
    assert shown(message)["text"] == "Hello"


# ---------------------------------------------------------------- who, and what is kept


VERBS = [
    (changes.resend, {}),
    (changes.confirm, {}),
    (changes.edit, {"text": "New"}),
    (changes.recall, {}),
]


@pytest.mark.parametrize(("verb", "how"), VERBS)
def test_only_the_owner_and_managers_change_a_message(send, project, alice, verb, how):
    message = send("Hello", DOUBT)
    bob = make_agent(project, "Bob").user
    assert refusal(verb, message, bob, **how) == "not_owner"
    alice.may_reply = False
    alice.save()
    assert refusal(verb, message, **how) == "no_reply_right"
    assert (waiting(), MessageChange.objects.count()) == ([], 0)


def test_a_manager_may_do_it_and_it_is_audited_without_the_text(send, project):
    message = send("Hello", sent(501))
    manager = make_member(project.company, role="manager").user
    do(changes.recall, message, manager)
    entry = AuditEntry.objects.get(verb="message.recalled")
    assert (entry.actor, entry.company) == (manager, project.company)
    assert entry.data == {
        "session": str(message.session.public_id),
        "message": str(message.public_id),
    }


def test_what_the_customer_wrote_is_not_ours_to_change(session, alice):
    assert refusal(changes.recall, make_message(session), alice.user) == "not_from_here"


def test_what_is_so_old_that_its_calls_are_purged_stays_as_it_is(send):
    message = send("Hello", sent(501))
    OutboundCall.objects.all().delete()
    for verb, how in VERBS:
        assert refusal(verb, message, **how) == "place_unknown"


def test_what_is_refused_leaves_no_trace(send):
    message = send("Hello", sent(501))
    before = Event.objects.count()
    refusal(changes.resend, message)
    assert (MessageChange.objects.count(), Event.objects.count()) == (0, before)
    assert not AuditEntry.objects.filter(verb__startswith="message.").exists()
