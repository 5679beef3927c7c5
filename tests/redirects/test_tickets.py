"""Clicks are joined to the person who presses START, once."""

from dataclasses import asdict, replace
from functools import partial
from uuid import uuid4

import pytest

from core import clock, tx
from redirects.actions import clicks
from redirects.actions.clicks import Start, redeem
from redirects.capture import Visit
from redirects.models import Click, EarlyStart, Link, new_ticket
from tests.factories import make_bot, make_link, make_project
from tests.support.threads import together

pytestmark = pytest.mark.django_db

ALICE, BOB = 1001, 1002
ROUNDS = 20


@pytest.fixture(autouse=True)
def joined(settings, monkeypatch):
    """What the apps above were told."""
    told = []
    monkeypatch.setattr("redirects.ports.click_came", told.extend)
    return told


def opened(link, **fields):
    return clicks.NewClick(
        link_id=link.pk, at=clock.now(), visit=Visit(**fields), state=Link.State.ACTIVE
    )


def clicked(link, **fields):
    click = opened(link, **fields)
    clicks.store([click])
    return click


def start(ticket, person=ALICE):
    return Start(ticket, person, uuid4())


def origin(project, *starts):
    """Of each: the link's name, and whether the click is his."""
    found = redeem(project=project, starts=starts)
    return [
        (found[one].link.name, found[one].click is not None) if one in found else None
        for one in starts
    ]


def person_of(click):
    return Click.objects.get(ticket=click.ticket).person


def test_the_first_person_has_the_click_and_the_second_only_the_link(project, link):
    click = clicked(link)
    assert origin(project, start(click.ticket)) == [(link.name, True)]
    assert origin(project, start(click.ticket, BOB)) == [(link.name, False)]
    assert origin(project, start(click.ticket)) == [(link.name, True)]
    assert person_of(click) == ALICE


def test_two_in_one_batch_are_taken_in_their_order(project, link):
    click = clicked(link)
    found = origin(project, start(click.ticket, BOB), start(click.ticket, ALICE))
    assert found == [(link.name, True), (link.name, False)]
    assert person_of(click) == BOB


def test_who_presses_start_was_no_robot(project, link):
    click = clicked(link, kind="prefetch")
    origin(project, start(click.ticket))
    assert Click.objects.get().kind == "visit"


@pytest.mark.parametrize(
    "ticket", ["", "promo", "A" * 21, "A" * 23, "A" * 21 + "\n", "A" * 21 + "!"]
)
def test_what_is_no_ticket_is_left_alone(project, link, ticket):
    assert origin(project, start(ticket)) == [None]
    assert not EarlyStart.objects.exists()


def test_another_projects_ticket_tells_nothing(project, link):
    other = make_project(name="Other")
    make_bot(other)
    click = clicked(make_link(other))
    assert origin(project, start(click.ticket)) == [None]
    assert person_of(click) is None


def test_an_old_ticket_tells_the_campaign_alone(project, link, shift_clock):
    click = clicked(link)
    shift_clock(31 * 86_400)
    assert origin(project, start(click.ticket)) == [(link.name, False)]
    assert person_of(click) is None


def test_a_click_that_comes_later_than_its_start_is_joined(project, link, joined):
    click = opened(link)
    first, second = start(click.ticket), start(click.ticket, BOB)
    assert origin(project, first, second) == [None, None]
    assert origin(project, first) == [None]
    clicks.store([click])
    told = [(session, found.link, found.click is not None) for session, found in joined]
    assert told == [(first.session, link, True), (second.session, link, False)]
    assert person_of(click) == ALICE
    assert not EarlyStart.objects.exists()
    clicks.store([opened(link)])
    assert len(joined) == 2


def test_a_click_stored_twice_is_there_once(link):
    click = clicked(link)
    clicks.store([replace(click, state=Link.State.EXPIRED)])
    assert Click.objects.get().state == Link.State.ACTIVE


def test_a_click_is_stored_as_it_was_seen(link):
    visit = Visit(
        kind="robot",
        ip="2001:db8::7",
        user_agent="Робот 🤖 \"'\\",
        language="ru",
        referrer="https://example.org/?a=%00",
        params=[["plan", "gold"], ["plan", "é"], ["", ""]],
        utm={"source": "news"},
        is_cut=True,
    )
    for at in (clock.now(), clock.now().replace(microsecond=0)):
        click = clicks.NewClick(link_id=link.pk, at=at, visit=visit, state=Link.State.UNREAD)
        clicks.store([click])
        row = Click.objects.get(ticket=click.ticket, at=at)
        assert {name: getattr(row, name) for name in asdict(visit)} == asdict(visit)
        assert (row.link, row.at, row.state) == (link, at, Link.State.UNREAD)
        assert (row.person, row.started_at, row.is_read, row.is_ip_short) == (
            None,
            None,
            False,
            False,
        )


def test_those_who_missed_each_other_are_found_by_the_clock(project, link, joined):
    click, one = clicked(link), new_ticket()
    for ticket in (click.ticket, one):
        EarlyStart.objects.create(project=project, ticket=ticket, person=ALICE, session=uuid4())
    clicks.join_early()
    assert person_of(click) == ALICE
    assert len(joined) == 1
    assert EarlyStart.objects.get().ticket == one


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_two_who_race_for_a_ticket_one_has_it(project, link):
    for _ in range(ROUNDS):
        click = clicked(link)
        starts = [start(click.ticket, ALICE), start(click.ticket, BOB)]
        results = together(*(partial(tx.run, origin, project, one) for one in starts))
        assert sorted(results) == [[(link.name, False)], [(link.name, True)]]
        assert person_of(click) == (ALICE if results[0][0][1] else BOB)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_start_and_its_click_at_the_same_moment_find_each_other(project, link, joined):
    for _ in range(ROUNDS):
        click = opened(link)
        one = start(click.ticket)
        results = together(
            partial(tx.run, clicks.store, [click]), partial(tx.run, origin, project, one)
        )
        assert results[0] is None
        clicks.join_early()
        told = [found for session, found in joined if session == one.session]
        assert (results[1] == [(link.name, True)]) != (len(told) == 1)
        assert Click.objects.get(ticket=click.ticket).person == ALICE


def test_addresses_are_shortened_after_a_month(link, shift_clock):
    old = clicked(link, ip="203.0.113.7")
    shift_clock(20 * 86_400)
    new = clicked(link, ip="2001:db8:1:2::3")
    shift_clock(11 * 86_400)
    assert clicks.shorten_ips(1000) == 1
    assert Click.objects.get(ticket=old.ticket).ip == "203.0.113.0"
    assert Click.objects.get(ticket=new.ticket).ip == "2001:db8:1:2::3"
    shift_clock(20 * 86_400)
    assert clicks.shorten_ips(1000) == 1
    assert Click.objects.get(ticket=new.ticket).ip == "2001:db8:1::"
    assert clicks.shorten_ips(1000) == 0
