"""Feeds as four people's pages get them, for the tests of the page's reducer.

Each is {snapshot, events, expected} and for the manager {chat: {detail, expected}}. `expected` is
the server's own fresh answer after the events; read marks count where their sessions are listed.
The same on every run and database: time stands still between deeds, and ids are replaced in the
order in which they appear.
"""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import User
from core import clock
from live.events import item
from live.queries import events_after
from sessions_app.models import ChatSession
from sessions_app.queries import feed_access
from sessions_app.queries.pages import session_detail, snapshot
from tests.support.bustle import Bustle

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
START = "2026-11-22T09:00:00+00:00"
STEP = timedelta(seconds=1)
NAMES = ("own", "others", "scope", "manager")
SEED = 10
BEFORE, AFTER = 20, 25

Json = dict[str, Any]


def record(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The feeds as JSON text, by the viewer."""
    monkeypatch.setattr(clock._anchor, "now", lambda: datetime.now(UTC))
    with time_machine.travel(START, tick=False) as time:
        bustle = Bustle(SEED)
        _act(bustle, time, BEFORE)
        chat = ChatSession.objects.order_by("number")[0]
        before = [_answers(user, bustle, chat) for user in bustle.viewers]
        bustle.do_everything_once()
        _act(bustle, time, AFTER)
        feeds = [
            _feed(user, bustle, seen, _answers(user, bustle, chat))
            for user, seen in zip(bustle.viewers, before, strict=True)
        ]
    return {name: _with_plain_ids(feed) for name, feed in zip(NAMES, feeds, strict=True)}


def _act(bustle: Bustle, time: time_machine.Traveller, times: int) -> None:
    for _ in range(times):
        bustle.act()
        time.shift(STEP)


def _answers(user: User, bustle: Bustle, chat: ChatSession) -> Json:
    """What the page gets by HTTP; the chat only for the manager, who always sees it."""
    found: Json = {"snapshot": snapshot(user, bustle.project.public_id)}
    if user == bustle.manager:
        found["chat"] = session_detail(user, chat.public_id)
    return found


def _feed(user: User, bustle: Bustle, before: Json, after: Json) -> Json:
    stream, since = bustle.project.public_id, before["snapshot"]["head"]
    tags = feed_access(user.pk, stream)
    assert tags is not None
    texts = [item(event).seen_by(tags) for event in events_after(stream, since, 10_000)]
    feed: Json = {
        "snapshot": before["snapshot"],
        "events": [json.loads(text) for text in texts if text],
        "expected": after["snapshot"],
    }
    if "chat" in before:
        feed["chat"] = {"detail": before["chat"], "expected": after["chat"]}
    return feed


def _with_plain_ids(feed: Json) -> str:
    known: dict[str, str] = {}

    def plain(found: re.Match[str]) -> str:
        return known.setdefault(found[0], str(uuid.UUID(int=len(known) + 1)))

    return UUID.sub(plain, _text(feed))


def _text(feed: Json) -> str:
    """An event a line, so that a change can be read in a diff."""
    events = ",\n".join(_compact(event) for event in feed["events"])
    others = {name: value for name, value in feed.items() if name != "events"}
    parts = ",\n".join(f'"{name}": {_compact(value)}' for name, value in others.items())
    return f'{{{parts},\n"events": [\n{events}\n]}}\n'


def _compact(data: Any) -> str:
    return json.dumps(_ordered(data), ensure_ascii=False)


def _ordered(data: Any) -> Any:
    """Names in order, since databases give them back in orders of their own; ids as they came."""
    if isinstance(data, list):
        return [_ordered(one) for one in data]
    if not isinstance(data, dict):
        return data
    names = data if any(UUID.fullmatch(name) for name in data) else sorted(data)
    return {name: _ordered(data[name]) for name in names}
