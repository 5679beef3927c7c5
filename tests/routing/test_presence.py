"""routing.actions: presence by leases and hand-set status."""

import uuid

import pytest

from accounts.models import User
from core.errors import Refusal
from routing.actions import beat, close_lease, open_lease, set_status, sweep_leases
from routing.models import Lease, PresenceInterval
from routing.queries import PresenceNow, presence
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice() -> User:
    return make_user("Alice")


@pytest.fixture
def told(monkeypatch) -> list[int]:
    """Whose presence was told to the apps above."""
    calls: list[int] = []
    monkeypatch.setattr("routing.ports.presence_changed", calls.append)
    return calls


def open_page(user: User, **state: object) -> uuid.UUID:
    connection = uuid.uuid4()
    open_lease(user_id=user.pk, connection_id=connection, state=state)
    return connection


def here(user: User) -> PresenceNow:
    return presence([user.pk])[user.pk]


def intervals(user: User) -> list[tuple[str, bool]]:
    """State, and whether it goes on, oldest first."""
    rows = PresenceInterval.objects.filter(user=user).order_by("pk")
    return [(row.state, row.ended_at is None) for row in rows]


def test_it_is_offline_before_any_page_is_open(alice, told):
    assert here(alice).state == "offline"
    assert here(alice).status == "online"
    assert here(alice).last_seen_at is None
    assert told == []


def test_an_open_page_is_online(alice, told):
    open_page(alice)
    assert here(alice).state == "online"
    assert here(alice).last_seen_at is not None
    assert told == [alice.pk]


def test_a_hidden_page_is_a_state_of_its_own(alice, told):
    connection = open_page(alice)
    beat(connection_id=connection, user_id=alice.pk, state={"visible": False})
    assert here(alice).state == "hidden"
    assert told == [alice.pk, alice.pk]


def test_any_visible_page_makes_it_online(alice):
    open_page(alice, visible=False)
    open_page(alice, visible=True)
    assert here(alice).state == "online"


def test_a_second_page_is_no_news(alice, told):
    open_page(alice)
    open_page(alice)
    assert told == [alice.pk]


def test_it_ends_with_the_lease_and_is_recorded_to_the_moment(alice, told, shift_clock):
    open_page(alice)
    shift_clock(91)
    assert here(alice).state == "offline"
    assert sweep_leases() == [alice.pk]
    last, now = PresenceInterval.objects.filter(user=alice).order_by("pk")
    assert (last.state, now.state) == ("online", "offline")
    assert last.ended_at == now.started_at == here(alice).since == here(alice).last_seen_at
    assert (last.ended_at - last.started_at).total_seconds() == pytest.approx(90, abs=1)
    assert told == [alice.pk, alice.pk]
    assert not Lease.objects.exists()


def test_since_is_the_same_before_and_after_the_sweep(alice, shift_clock):
    open_page(alice)
    shift_clock(300)
    before = here(alice).since
    sweep_leases()
    assert here(alice).since == before


def test_a_beat_keeps_it_alive(alice, told, shift_clock):
    connection = open_page(alice)
    for _ in range(3):
        shift_clock(60)
        beat(connection_id=connection, user_id=alice.pk, state={})
        assert sweep_leases() == []
    assert here(alice).state == "online"
    assert told == [alice.pk]


def test_a_beat_after_a_long_sleep_opens_the_lease_again(alice, shift_clock):
    connection = open_page(alice)
    shift_clock(1000)
    sweep_leases()
    beat(connection_id=connection, user_id=alice.pk, state={"visible": True})
    assert here(alice).state == "online"
    assert intervals(alice) == [("online", False), ("offline", False), ("online", True)]


def test_an_absence_that_no_sweep_has_seen_is_a_break_and_is_told(alice, told, shift_clock):
    connection = open_page(alice)
    gone = Lease.objects.get().expires_at
    shift_clock(1000)
    beat(connection_id=connection, user_id=alice.pk, state={})
    assert intervals(alice) == [("online", False), ("offline", False), ("online", True)]
    assert PresenceInterval.objects.earliest("pk").ended_at == gone
    assert told == [alice.pk] * 3


def test_a_closed_page_lasts_fifteen_seconds_more(alice, shift_clock):
    connection = open_page(alice)
    close_lease(connection_id=connection)
    shift_clock(14)
    assert here(alice).state == "online"
    shift_clock(2)
    assert here(alice).state == "offline"


def test_a_close_never_lengthens_a_lease(alice, shift_clock):
    connection = open_page(alice)
    shift_clock(85)
    close_lease(connection_id=connection)
    shift_clock(6)
    assert here(alice).state == "offline"


def test_a_reload_does_not_blink(alice, told, shift_clock):
    close_lease(connection_id=open_page(alice))
    shift_clock(3)
    open_page(alice)
    shift_clock(20)
    assert sweep_leases() == []
    assert here(alice).state == "online"
    assert told == [alice.pk]


def test_a_break_is_away_on_every_page(alice, told):
    open_page(alice)
    set_status(user_id=alice.pk, status="away")
    assert (here(alice).state, here(alice).status) == ("away", "away")
    open_page(alice)
    assert here(alice).state == "away"
    assert told == [alice.pk, alice.pk]


def test_no_reload_or_sweep_ends_a_break(alice, shift_clock):
    connection = open_page(alice)
    set_status(user_id=alice.pk, status="away")
    close_lease(connection_id=connection)
    shift_clock(100)
    sweep_leases()
    open_page(alice)
    assert here(alice).state == "away"


def test_a_break_of_one_who_is_not_here_is_told_too(alice, told):
    set_status(user_id=alice.pk, status="away")
    assert (here(alice).state, here(alice).status) == ("offline", "away")
    assert told == [alice.pk]


def test_the_same_status_again_is_no_news(alice, told):
    set_status(user_id=alice.pk, status="online")
    assert told == []


def test_another_status_is_refused(alice):
    with pytest.raises(Refusal, match="invalid"):
        set_status(user_id=alice.pk, status="invisible")


def test_what_makes_no_sense_in_a_report_is_not_kept(alice):
    connection = open_page(alice, visible="yes", notify={"a": 1}, sound=True, more=1)
    lease = Lease.objects.get(pk=connection)
    assert (lease.visible, lease.notify, lease.sound) == (False, "default", True)


def test_people_are_told_apart(alice, shift_clock):
    bob = make_user("Bob")
    open_page(alice)
    shift_clock(60)
    open_page(bob)
    shift_clock(40)
    assert sweep_leases() == [alice.pk]
    found = presence([alice.pk, bob.pk])
    assert (found[alice.pk].state, found[bob.pk].state) == ("offline", "online")
