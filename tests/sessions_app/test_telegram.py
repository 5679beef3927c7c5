"""What an update says: whatever the bytes, an answer and never an error."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.telegram import Blocked, Ignored, Incoming, Sender, Unreadable, parse

DATE = 1_795_000_000
CAROL = {"id": 42, "is_bot": False, "first_name": "Carol", "last_name": "Ng", "username": "carol"}
CHAT = {"id": 42, "type": "private", "first_name": "Carol"}
FRAME = {"message_id": 7, "date": DATE, "chat": CHAT, "from": CAROL}
AT = datetime.fromtimestamp(DATE, UTC)


def read(**content):
    return parse(json.dumps({"update_id": 1} | content).encode())


def read_message(**content):
    return read(message=FRAME | content)


def test_it_reads_a_text():
    entities = [{"type": "bold", "offset": 0, "length": 5}]
    assert read_message(text="Hello", entities=entities) == Incoming(
        sender=Sender(42, "Carol", "Ng", "carol", ""),
        message_id=7,
        at=AT,
        kind="text",
        text="Hello",
        data={"entities": entities},
    )


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("/start", ""),
        ("/start ad_42-x", "ad_42-x"),
        ("/start@help_bot ad", "ad"),
        ("/start two words", None),
        ("/started", None),
        ("please /start", None),
    ],
)
def test_it_knows_a_start_and_its_payload(text, payload):
    assert read_message(text=text).start == payload


def test_it_names_the_kind_and_keeps_what_shows_it():
    photo = [{"file_id": "A", "width": 90, "height": 60}]
    said = read_message(photo=photo, caption="Look", media_group_id="9")
    assert (said.kind, said.text) == ("photo", "Look")
    assert said.data == {"entities": [], "content": photo, "album": "9"}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"animation": {"file_id": "A"}, "document": {"file_id": "A"}}, "animation"),
        ({"location": {"latitude": 1.5}, "venue": {"title": "Here"}}, "venue"),
        ({"hologram": {"depth": 3}}, "hologram"),
        ({}, "unknown"),
        ({"x" * 99: 1}, "x" * 40),
    ],
)
def test_it_names_every_kind_of_message(content, kind):
    assert read_message(**content).kind == kind


def test_it_knows_what_is_answered():
    assert read_message(text="Yes", reply_to_message={"message_id": 5}).reply_to == 5


def test_it_reads_an_edit_which_opens_nothing():
    said = read(edited_message=FRAME | {"text": "Hi", "edit_date": DATE + 60})
    assert said.edited_at == datetime.fromtimestamp(DATE + 60, UTC)
    assert not said.opens


@pytest.mark.parametrize(("status", "is_blocked"), [("kicked", True), ("member", False)])
def test_it_reads_a_block(status, is_blocked):
    member = {"status": status}
    said = read(
        my_chat_member={"chat": CHAT, "from": CAROL, "date": DATE, "new_chat_member": member}
    )
    assert (type(said), said.is_blocked, said.at) == (Blocked, is_blocked, AT)


@pytest.mark.parametrize("kind", ["channel_post", "message_reaction", "callback_query", "poll"])
def test_it_ignores_what_no_customer_said(kind):
    assert read(**{kind: FRAME | {"text": "Hello"}}) == Ignored(kind)


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
def test_it_ignores_chats_of_several(kind):
    chat = {"id": -100, "type": kind, "title": "All"}
    assert read_message(chat=chat, text="Hello") == Ignored("message")
    assert read(edited_message=FRAME | {"chat": chat}) == Ignored("edited_message")
    assert read(my_chat_member={"chat": chat, "from": CAROL}) == Ignored("my_chat_member")


def test_it_ignores_bots():
    assert read_message(**{"from": {"id": 42, "is_bot": True}}) == Ignored("message")


def test_it_names_a_new_kind_of_update_from_a_customer_and_opens_nothing_for_it():
    said = read(message_whisper={"chat": CHAT, "from": CAROL, "date": DATE, "message_id": 9})
    assert (said.kind, said.message_id, said.opens) == ("message_whisper", None, False)


def test_it_ignores_a_new_kind_of_update_from_nobody():
    assert read(weather={"sunny": True}) == Ignored("weather")
    assert read() == Ignored("unknown")


def test_it_makes_text_storable():
    said = parse(json.dumps({"message": FRAME | {"text": "a\x00b\ud800c"}}).encode())
    assert said.text == "a\ufffdb\ufffdc"


def test_it_makes_content_storable():
    said = read_message(contact={"na\x00me": ["\udc00", {"x": "\x00"}]})
    assert said.data["content"] == {"na\ufffdme": ["\ufffd", {"x": "\ufffd"}]}


def test_it_leaves_out_content_too_large_to_show():
    assert read_message(hologram="x" * 40_000).data == {"entities": [], "too_large": True}


def test_it_shortens_names_to_what_is_kept():
    sender = read_message(**{"from": CAROL | {"first_name": "x" * 999}}).sender
    assert len(sender.first_name) == 256


def test_it_takes_the_name_from_the_chat_if_nobody_sent_it():
    message = {key: value for key, value in FRAME.items() if key != "from"} | {"text": "Hi"}
    assert read(message=message).sender == Sender(42, "Carol")


# Broken in a way that leaves the chat known. {} stands for a sound message.
BROKEN = [
    {"message_id": "seven"},
    {"message_id": 0},
    {"message_id": -1},
    {"message_id": True},
    {"message_id": 2**63},
    {"message_id": None},
    {"date": "today"},
    {"date": -5},
    {"date": 10**18},
    {"date": None},
    {"text": 5},
    {"text": ["Hello"]},
    {"text": {"a": "b"}},
    {"text": "Hi", "entities": "bold"},
    {"from": "Carol"},
    {"from": CAROL | {"first_name": ["Carol"]}},
    {"from": CAROL | {"username": 5}},
    {"photo": float("nan")},
    {"photo": [float("inf")]},
    {"photo": json.loads("[" * 30 + "]" * 30)},
    {"caption": 3.5, "photo": []},
]


@pytest.mark.parametrize("broken", BROKEN)
def test_it_knows_whose_a_broken_message_is(broken):
    said = read_message(**broken)
    assert isinstance(said, Unreadable)
    assert (said.sender.id, said.opens) == (42, True)
    assert said.error


@pytest.mark.parametrize("entity", [None, 5, {}, {"type": "bold"}, {"type": "b", "offset": -1}])
def test_it_drops_broken_entities(entity):
    assert read_message(text="Hi", entities=[entity]).data == {"entities": []}


NOBODYS = [
    b"",
    b"null",
    b"[]",
    b"5",
    b'"text"',
    b"{",
    b"\xff\xfe\x00",
    b"\x00" * 50,
    b"[" * 100_000,
    b'{"update_id": ' + b"9" * 5000 + b"}",
    b'{"message": null}',
    b'{"message": []}',
    b'{"message": {"chat": null}}',
    b'{"message": {"chat": {"id": "42", "type": "private"}}}',
    b'{"message": {"chat": {"id": -42, "type": "private"}}}',
    b'{"edited_message": "Hello"}',
    b'{"my_chat_member": {}}',
]


@pytest.mark.parametrize("raw", NOBODYS)
def test_it_does_not_guess_whose_it_is(raw):
    said = parse(raw)
    assert isinstance(said, Unreadable)
    assert said.sender is None


def test_it_finds_the_chat_in_a_message_that_was_cut():
    whole = json.dumps({"update_id": 1, "message": FRAME | {"text": "x" * 500}}).encode()
    said = parse(whole[:400])
    assert (said.sender, said.opens) == (Sender(42), True)


def test_it_finds_no_group_in_a_message_that_was_cut():
    chat = {"id": -100, "type": "supergroup"}
    whole = json.dumps({"message": FRAME | {"chat": chat, "text": "x" * 500}}).encode()
    assert parse(whole[:400]).sender is None


WORDS = st.sampled_from(["", "id", "type", "private", "/start", "\x00", "\ud800", "x" * 300])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["message_id", "date", "chat", "from", "text", "entities", "photo", "edit_date", "caption"]


@given(
    kind=st.sampled_from(["message", "edited_message", "my_chat_member", "novelty"]),
    changes=st.dictionaries(st.sampled_from(FIELDS), JSON),
)
def test_it_never_raises_on_strange_fields(kind, changes):
    parsed = parse(json.dumps({"update_id": 1, kind: FRAME | changes}).encode())
    assert isinstance(parsed, Incoming | Blocked | Ignored | Unreadable)


@given(st.binary(max_size=200))
def test_it_never_raises_on_strange_bytes(raw):
    assert isinstance(parse(raw), Incoming | Blocked | Ignored | Unreadable)
