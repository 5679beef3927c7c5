"""Only people who are signed in are served, and only as long as they are."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError

from core import clock
from core.aio import in_db
from live import queries
from live.sockets import hub
from tests.live.pages import cookie, opened, tell

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(hub, "SIGN_IN_SECONDS", 0.05)


async def test_it_says_goodbye_to_whom_it_does_not_know(db):
    async with opened(None) as page:
        assert await page.bye() == ("signed_out", 4401)
        await page.say("hello", build="b", resume={})  # and does not listen any more


async def test_it_has_the_page_come_back_when_it_cannot_find_out(alice, monkeypatch):
    def unreachable(session_key):
        raise DatabaseError("the database is away")

    key = await in_db(cookie, alice)
    monkeypatch.setattr(queries, "person_of", unreachable)
    async with opened(alice, key=key) as page:
        assert await page.bye() == ("resume", 4408)


def end_session(user, key):
    Session.objects.filter(session_key=key).delete()


def expire(user, key):
    Session.objects.filter(session_key=key).update(expire_date=clock.now() - timedelta(seconds=1))


def disable(user, key):
    user.is_active = False
    user.save()


def change_password(user, key):
    user.set_password("another one")
    user.save()


@pytest.mark.parametrize("ending", [end_session, expire, disable, change_password])
async def test_it_sends_away_who_is_signed_in_no_more(alice, stream, ending):
    key = await in_db(cookie, alice)
    async with opened(alice, key=key) as page:
        await page.follow(stream)
        await tell(stream, "before")
        await page.until_text("before")
        await in_db(ending, alice, key)
        assert await page.bye() == ("signed_out", 4401)
        await tell(stream, "after")
        assert page.texts() == ["before"]


async def test_it_lets_the_persons_other_browser_stay(alice, stream):
    one, other = await in_db(cookie, alice), await in_db(cookie, alice)
    async with opened(alice, key=one) as leaving, opened(alice, key=other) as staying:
        await staying.follow(stream)
        await leaving.follow(stream)
        await in_db(end_session, alice, one)
        await leaving.bye()
        await tell(stream, "after")
        await staying.until_text("after")


async def test_it_asks_at_once_when_access_changed(alice, stream, hints_alone, monkeypatch):
    monkeypatch.setattr(hub, "SIGN_IN_SECONDS", 3600)
    async with opened(alice) as page:
        await page.follow(stream)
        await page.frame("ready")
        await in_db(disable, alice, None)
        await tell(alice.public_id, "x", kind="access.changed")
        assert await page.bye() == ("signed_out", 4401)
