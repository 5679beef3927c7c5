"""The feeds in tests/js/fixtures/, with which the page's own reducer is tested.

After a change of payloads or actions write them anew: RECORD_FEEDS=1 and this file's tests.
"""

import json
import os
from pathlib import Path

import pytest

from tests.support.recording import NAMES, record
from tests.support.reducer import after, chat_after

FOLDER = Path(__file__).resolve().parents[1] / "js" / "fixtures"


def file_of(name):
    return FOLDER / f"feed-{name}.json"


def listed(page):
    rows = [*page["mine"], *page["unassigned"], *page["completed"]]
    return page | {"reads": {row["id"]: page["reads"].get(row["id"], 0) for row in rows}}


@pytest.mark.django_db(transaction=True)
def test_the_recorded_feeds_are_what_the_product_sends_now(monkeypatch):
    feeds = record(monkeypatch)
    if os.environ.get("RECORD_FEEDS"):
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in feeds.items():
            file_of(name).write_text(text)
    assert {name: file_of(name).read_text() for name in NAMES} == feeds


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_reducer_passes_them(name):
    feed = json.loads(file_of(name).read_text())
    page = after(feed["snapshot"], feed["events"])
    assert listed(page) == listed(feed["expected"] | {"head": page["head"]})


def test_the_reference_reducer_passes_the_chat():
    feed = json.loads(file_of("manager").read_text())
    chat = chat_after(feed["chat"]["detail"], feed["events"])
    for part in ("session", "messages"):
        assert chat[part] == feed["chat"]["expected"][part]
    assert chat["messages"] != feed["chat"]["detail"]["messages"]
