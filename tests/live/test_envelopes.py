"""What a viewer gets of an event."""

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest

from live.events import item, moment
from live.models import Event

AT = datetime(2026, 11, 22, 14, 32, 5, 120_999, tzinfo=UTC)


def encoded(**fields):
    fields = {
        "stream": uuid.uuid4(),
        "number": 7,
        "kind": "session.changed",
        "audience": ["managers", "agent:2"],
        "before": None,
        "payload": {"id": "s", "was": "unassigned", "text": "Привет"},
        "at": AT,
    } | fields
    return item(Event(**fields))


def seen(row, *tags):
    text = row.seen_by(frozenset(tags))
    return json.loads(text) if text else None


def test_it_writes_moments_in_utc_with_milliseconds():
    assert moment(AT) == "2026-11-22T14:32:05.120Z"
    assert moment(AT.astimezone(timezone(timedelta(hours=8)))) == "2026-11-22T14:32:05.120Z"
    assert moment(None) is None


def test_it_gives_the_row_to_those_in_the_audience():
    assert seen(encoded(), "everyone", "agent:2") == {
        "n": 7,
        "kind": "session.changed",
        "at": "2026-11-22T14:32:05.120Z",
        "data": {"id": "s", "was": "unassigned", "text": "Привет"},
    }


@pytest.mark.parametrize("tags", [(), ("everyone",), ("agent:22",), ("pool", "others")])
def test_it_gives_nothing_to_others(tags):
    assert seen(encoded(), *tags) is None


def test_it_tells_who_was_in_the_audience_that_the_row_is_gone():
    row = encoded(before=["managers", "pool"])
    assert seen(row, "pool") == {
        "n": 7,
        "kind": "session.gone",
        "at": "2026-11-22T14:32:05.120Z",
        "data": {"id": "s", "was": "unassigned"},
    }
    assert seen(row, "managers")["kind"] == "session.changed"
    assert seen(row, "others") is None


def test_it_names_the_noun_of_any_kind_that_is_gone():
    assert seen(encoded(kind="note.changed", before=["pool"]), "pool")["kind"] == "note.gone"


def test_it_survives_a_surrogate_that_stands_alone():
    row = encoded(payload={"text": "a\ud83db"})
    assert seen(row, "managers")["data"] == {"text": "a�b"}
    row.text.encode()
