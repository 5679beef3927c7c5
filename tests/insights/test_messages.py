"""Checks 9 and 10, and what becomes of messages: each names evidence and a fix when it fails."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from bots.models import InboundUpdate, OutboundCall
from core import clock
from routing.models import Lease
from sessions_app.actions.ownership import complete
from sessions_app.models import ChatSession, Customer
from sessions_app.queries.completed import hiding
from tests.factories import make_agent, make_lease, make_message, make_session, make_sessions
from tests.insights.looking import ago, checks, failing, hidden, page_of, passing

pytestmark = pytest.mark.django_db


def test_9_a_customer_is_hidden_by_a_completed_session(project):
    session = hidden(project)
    said, _ = failing(project, "completed")
    assert said.endswith(f"no session opened: #{session.number}.")


def test_9_a_session_that_ended_after_the_message_hides_nobody(project, lena):
    session = make_session(project, owner=lena)
    make_message(session)
    complete(session=session, actor=lena.user)
    assert passing(project, "completed")
    ChatSession.objects.update(completed_at=ago(minutes=1))  # the message came in after that
    assert passing(project, "completed")  # but "completed" is still the last entry


@pytest.mark.parametrize("state", ["unassigned", "completed"])
def test_9_a_new_session_shows_the_customer_again(project, state):
    session = hidden(project)
    make_session(project, customer=session.customer, state=state)
    assert passing(project, "completed")


def test_9_what_opens_nothing_hides_nobody(project):
    session = make_session(project, state="completed", completed_at=ago(minutes=1))
    make_message(session, kind="poll_answer", telegram_message_id=None)
    assert passing(project, "completed")


@pytest.mark.postgres
def test_9_is_answered_from_an_index_that_is_empty_while_all_is_well(project):
    make_sessions(project, 500)
    ChatSession.objects.update(
        state="completed", completed_at=clock.now(), message_count=2, last_message_number=1
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {ChatSession._meta.db_table}")
    plan = hiding(project).explain()
    assert "sessions_written_after" in plan


def test_10_a_page_has_not_reported_for_two_beats(project, lease):
    silent = settings.LEASE_SECONDS - 2 * settings.BEAT_SECONDS - 5
    Lease.objects.update(expires_at=clock.now() + timedelta(seconds=silent))
    said, _ = failing(project, "pages")
    assert said.startswith("A page of Lena has not reported for 5")


def test_10_a_page_that_was_just_closed_has_nothing_to_report(project, lease):
    Lease.objects.update(expires_at=clock.now() + timedelta(seconds=settings.CLOSE_SECONDS - 1))
    assert checks(project)["pages"].state == "unknown"
    make_lease(make_agent(project, "Tom").user)
    assert passing(project, "pages").startswith("1 page is open")


def test_10_is_not_known_while_no_page_is_open(project):
    Lease.objects.all().delete()
    assert checks(project)["pages"].state == "unknown"


def test_a_session_waits_for_long(project):
    make_session(project, waiting_since=ago(seconds=30))
    assert "#1) for 30 s" in passing(project, "waiting")
    make_session(project, waiting_since=ago(days=8))
    said, _ = failing(project, "waiting")
    assert said == (
        "2 sessions wait, the oldest (#2) for 8 days. "
        "1 waits longer than the rules allow and is left to people."
    )


def test_an_update_could_not_be_understood(project, bot):
    InboundUpdate.objects.create(bot=bot, update_id=1, raw=b"?", state="parked")
    said, links = failing(project, "intake")
    assert "1 update could not be understood" in said
    assert links == {"/admin/bots/inboundupdate/?state__exact=parked"}


def test_an_update_is_not_taken_in(project, bot):
    InboundUpdate.objects.create(bot=bot, update_id=1, raw=b"{}", received_at=ago(seconds=20))
    assert passing(project, "intake") == "1 update waits, the oldest for 20 s."
    InboundUpdate.objects.update(received_at=ago(seconds=40))
    assert failing(project, "intake")


def call(bot, state, code="", **fields):
    OutboundCall.objects.create(
        bot=bot, chat_id=1, method="x", params={}, state=state, error_code=code, **fields
    )


def test_replies_did_not_arrive(project, bot):
    call(bot, "uncertain", "unknown")
    call(bot, "failed", "400")
    call(bot, "failed", "too_late")
    call(bot, "failed", "400", created_at=ago(hours=25))
    said, _ = failing(project, "delivery")
    assert said == (
        "1 uncertain in the last 24 hours (unknown: 1). "
        "2 failed in the last 24 hours (400: 1, too_late: 1)."
    )


def test_replies_to_those_who_have_blocked_the_bot_are_nobodys_fault(project, bot):
    call(bot, "failed", "403")
    assert passing(project, "delivery") == "1 failed in the last 24 hours (403: 1)."


def test_replies_wait_to_leave(project, bot):
    call(bot, "queued", created_at=ago(minutes=2))
    said, links = failing(project, "delivery")
    assert "1 call waits to be sent, the oldest for 2 min" in said
    assert links == {page_of(project, "bot")}


def test_the_customer_of_an_open_session_has_blocked_the_bot(project, lena):
    make_session(project, owner=lena)
    make_session(project, state="completed")
    Customer.objects.update(blocked_at=ago(minutes=1))
    assert failing(project, "blocked")[0].startswith("1 open session is with")
