"""More than 40 kinds of updates that cannot be read."""

import json
from typing import Any

# Each breaks a sound message; those that name the chat are shown to the agents.
BROKEN: list[dict[str, Any]] = [
    {"message_id": "seven"},
    {"message_id": None},
    {"message_id": 0},
    {"message_id": -7},
    {"message_id": 2**63},
    {"message_id": 1.5},
    {"message_id": [1]},
    {"message_id": True},
    {"date": None},
    {"date": "today"},
    {"date": -1},
    {"date": 10**17},
    {"date": 1.5},
    {"text": None, "entities": 1},
    {"text": 5},
    {"text": ["Hello"]},
    {"text": {"a": 1}},
    {"text": "Hi", "entities": "bold"},
    {"text": "Hi", "entities": {"type": "bold"}},
    {"from": "Carol"},
    {"from": ["Carol"]},
    {"from": 5},
    {"photo": float("nan")},
    {"photo": [float("inf")]},
    {"photo": json.loads("[" * 50 + "]" * 50)},
    {"photo": [], "caption": 7},
    {"photo": [], "caption": "x", "caption_entities": 7},
    {"voice": {"duration": float("-inf")}},
]
NOBODYS = [
    b"",
    b"null",
    b"[]",
    b"{",
    b"not json",
    b"\xff\xfe\x00\x01",
    b"[" * 50_000,
    b'{"message": null}',
    b'{"message": "Hello"}',
    b'{"message": {"text": "whose?"}}',
    b'{"message": {"chat": {"id": "5", "type": "private"}, "text": "whose?"}}',
    b'{"edited_message": 5}',
    b'{"my_chat_member": []}',
]
assert len(BROKEN) + len(NOBODYS) > 40
