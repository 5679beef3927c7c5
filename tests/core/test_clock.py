"""core.clock: the database's clock, moved by CLOCK_SHIFT, whatever the host's clock says."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core import clock
from core.models import Tick
from tests.support.threads import together

pytestmark = pytest.mark.django_db

NEAR = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def fresh_anchor(monkeypatch):
    monkeypatch.setattr(clock, "_anchor", clock._Anchor())


def host_now() -> datetime:
    return datetime.now(UTC)


def test_it_is_aware_and_in_utc():
    assert clock.now().utcoffset() == timedelta(0)
    assert abs(clock.now() - host_now()) < NEAR


def test_it_goes_forward():
    moments = [clock.now() for _ in range(100)]
    assert moments == sorted(moments)


def test_a_shift_moves_it(shift_clock):
    shift_clock(3600)
    assert abs(clock.now() - host_now() - timedelta(hours=1)) < NEAR
    shift_clock(-7200)
    assert abs(clock.now() - host_now() + timedelta(hours=1)) < NEAR


@pytest.mark.postgres
@pytest.mark.parametrize("hours", [-5, 5])
def test_a_host_clock_wrong_by_hours_does_not_matter(hours):
    truth = host_now()
    with time_machine.travel(truth + timedelta(hours=hours)):
        assert abs(host_now() - truth) > timedelta(hours=4)
        assert abs(clock.now() - truth) < NEAR


@pytest.mark.postgres
def test_it_asks_the_database_once_for_many_calls(django_assert_num_queries):
    with django_assert_num_queries(1):
        for _ in range(50):
            clock.now()


@pytest.mark.postgres
def test_it_asks_again_when_its_anchor_is_old(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(clock, "ANCHOR_SECONDS", -1.0)
    with django_assert_num_queries(3):
        for _ in range(3):
            clock.now()


def test_now_in_a_filter_is_the_same_clock():
    add("past", timedelta(minutes=-1))
    add("future", timedelta(minutes=1))
    assert due() == ["past"]


def test_now_in_a_filter_moves_with_the_shift(shift_clock):
    add("past", timedelta(minutes=-1))
    add("future", timedelta(minutes=1))
    shift_clock(3600)
    assert due() == ["future", "past"]
    shift_clock(-7200)
    assert due() == []


def test_now_can_be_reckoned_with():
    add("old", timedelta(minutes=-10))
    add("new", timedelta(minutes=-1))
    limit = clock.Now() - timedelta(minutes=5)
    assert list(Tick.objects.filter(last_run_at__lt=limit).values_list("name", flat=True)) == [
        "old"
    ]


def test_now_can_be_written():
    add("row", timedelta(days=-9))
    Tick.objects.update(last_run_at=clock.Now())
    assert abs(Tick.objects.get().last_run_at - clock.now()) < NEAR


@pytest.mark.postgres
def test_now_in_a_filter_is_the_databases_own_while_the_hosts_is_wrong():
    add("past", timedelta(minutes=-1))
    add("future", timedelta(minutes=1))
    with time_machine.travel(host_now() - timedelta(hours=5)):
        assert due() == ["past"]


def add(name: str, ago: timedelta) -> None:
    Tick.objects.create(name=name, last_run_at=clock.now() + ago)


def due() -> list[str]:
    found = Tick.objects.filter(last_run_at__lte=clock.Now())
    return sorted(found.values_list("name", flat=True))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_threads_that_take_the_anchor_at_once_agree():
    moments = together(*[clock.now] * 8)
    assert max(moments) - min(moments) < NEAR
