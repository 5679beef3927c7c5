"""Test pings: they go the way that sessions go, and every page's receipt is told."""

from uuid import uuid4

import pytest

from core import retention
from core.errors import Refusal
from live.models import Event
from routing.actions import close_lease
from routing.models import Lease
from sessions_app.actions.pings import send_ping
from sessions_app.models import Ping, Receipt
from sessions_app.queries.pings import latest_pings
from tests.factories import make_lease, make_user
from tests.support.api import code, ok, post

pytestmark = pytest.mark.django_db(transaction=True)

DAY = 86_400


def told(agent):
    """What the person's own stream says of pings, in order."""
    rows = Event.objects.filter(stream=agent.user.public_id, kind="ping.changed")
    return [row.payload for row in rows.order_by("number")]


def answers(agent, ping, lease, **said):
    said = {"visible": True, "notify": "granted", "shown": False} | said
    return post(agent.user, f"pings/{ping['id']}/receipt", connection=str(lease.pk), **said)


def test_it_goes_to_all_pages_of_the_person_and_says_how_many_there_are(alice):
    make_lease(alice.user)
    ping = ok(post(alice.user, "pings"))["ping"]
    assert (ping["pages"], ping["by"], ping["receipts"]) == (2, None, [])
    assert told(alice) == [ping]


def test_each_page_answers_and_the_answers_are_told(alice, shift_clock):
    first, second = Lease.objects.get(), make_lease(alice.user)
    ping = ok(post(alice.user, "pings"))["ping"]
    shift_clock(2)
    ok(answers(alice, ping, first))
    ok(answers(alice, ping, second, visible=False, notify="denied"))
    rows = told(alice)[-1]["receipts"]
    assert [(row["page"], row["visible"], row["notify"]) for row in rows] == [
        (str(first.pk), True, "granted"),
        (str(second.pk), False, "denied"),
    ]
    assert all(2000 <= row["ms"] < 20_000 for row in rows)
    assert [len(one["receipts"]) for one in told(alice)] == [0, 1, 2]


def test_a_page_says_again_when_it_has_shown_a_notification(alice):
    lease = Lease.objects.get()
    ping = ok(post(alice.user, "pings"))["ping"]
    for shown in (False, True, True, False):
        ok(answers(alice, ping, lease, shown=shown))
    assert [[row["shown"] for row in one["receipts"]] for one in told(alice)] == [
        [],
        [False],
        [True],
    ]
    assert Receipt.objects.get().shown


def test_who_presses_twice_asks_once(alice, shift_clock):
    first, second = (ok(post(alice.user, "pings"))["ping"]["id"] for _ in range(2))
    shift_clock(3)
    third = ok(post(alice.user, "pings"))["ping"]["id"]
    assert first == second != third


def test_a_managers_ping_names_him(alice):
    send_ping(user=alice.user, sender=make_user("Marek"))
    assert told(alice)[-1]["by"] == "Marek"


def test_where_no_page_is_open_nobody_is_asked(alice, bob):
    assert code(post(bob.user, "pings")) == (409, "nobody_here")
    close_lease(connection_id=Lease.objects.get().pk)
    with pytest.raises(Refusal, match="nobody_here"):
        send_ping(user=alice.user, sender=bob.user)
    assert not Ping.objects.exists()


def test_nobody_answers_for_others(alice, bob):
    theirs = make_lease(bob.user)
    ping = ok(post(alice.user, "pings"))["ping"]
    assert code(answers(bob, ping, theirs)) == (404, "not_found")
    assert code(answers(alice, ping, theirs)) == (404, "not_found")
    missing = {"id": str(uuid4())}
    assert code(answers(alice, missing, Lease.objects.get(user=alice.user))) == (404, "not_found")
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    "said", [{"notify": "perhaps"}, {"notify": None}, {"visible": 1}, {"shown": "yes"}]
)
def test_an_answer_of_another_shape_is_refused(alice, said):
    ping = ok(post(alice.user, "pings"))["ping"]
    assert code(answers(alice, ping, Lease.objects.get(), **said)) == (422, "invalid")


def test_the_latest_of_each_is_found(alice, bob, shift_clock):
    make_lease(bob.user)
    for agent in (alice, bob, alice):
        shift_clock(10)
        last = send_ping(user=agent.user, sender=alice.user)
    found = latest_pings([alice.user_id, bob.user_id], retention.before(hours=1))
    assert found[alice.user_id] == last
    assert set(found) == {alice.user_id, bob.user_id}
    assert latest_pings([alice.user_id], last.sent_at) == {}


def test_it_is_forgotten_with_its_receipts(alice, shift_clock):
    ping = ok(post(alice.user, "pings"))["ping"]
    ok(answers(alice, ping, Lease.objects.get()))
    shift_clock(6 * DAY)
    retention.purge()
    assert Receipt.objects.exists()
    shift_clock(8 * DAY)
    retention.purge()
    assert not Ping.objects.exists()
    assert not Receipt.objects.exists()
