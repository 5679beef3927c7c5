"""Of one address so many visits a minute count; all are led on."""

import pytest
from django.test import Client

from redirects import opening
from redirects.actions.clicks import Start, redeem
from redirects.models import Click
from redirects.opening import A_MINUTE, Crowd

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def follow(link, ip="203.0.113.7", agent=BROWSER):
    return Client(REMOTE_ADDR=ip).get(f"/{link.code}", headers={"user-agent": agent}).status_code


def kinds():
    return [click.kind for click in Click.objects.order_by("pk")]


@pytest.fixture
def full(monkeypatch):
    """As many as count have come from 203.0.113.7 and from one network of IPv6."""
    crowd = Crowd(lambda: 0.0)
    for _ in range(A_MINUTE):
        crowd.is_full("203.0.113.7")
        crowd.is_full("2001:db8:1:2::3")
    monkeypatch.setattr(opening, "crowd", crowd)


@pytest.mark.django_db
def test_what_is_beyond_is_led_on_and_marked(link, full):
    assert follow(link) == 302
    assert follow(link, ip="203.0.113.8") == 302
    assert follow(link, ip="2001:db8:1:2:ffff::9") == 302
    assert follow(link, ip="2001:db8:1:3::3") == 302
    assert kinds() == ["crowd", "visit", "crowd", "visit"]


@pytest.mark.django_db
def test_a_start_makes_a_visit_of_it(link, full, project):
    follow(link)
    click = Click.objects.get()
    redeem(project=project, starts=[Start(click.ticket, 1001, link.public_id)])
    assert kinds() == ["visit"]


@pytest.mark.django_db
def test_it_is_so_where_no_address_is_kept(link, full, settings):
    settings.CLICK_IPS = False
    assert follow(link) == 302
    assert [(click.kind, click.ip) for click in Click.objects.all()] == [("crowd", None)]


@pytest.mark.django_db
def test_it_is_the_visitors_address_and_not_the_proxys(link, full, settings):
    settings.TRUSTED_PROXIES = 1
    client = Client(REMOTE_ADDR="203.0.113.7")
    for seen in ("198.51.100.1", "203.0.113.7"):
        client.get(f"/{link.code}", headers={"user-agent": BROWSER, "x-forwarded-for": seen})
    assert kinds() == ["visit", "crowd"]


@pytest.mark.django_db
def test_what_only_looks_takes_nobodys_place(link, monkeypatch):
    monkeypatch.setattr(opening, "crowd", crowd := Crowd(lambda: 0.0))
    follow(link, agent="SomeBot/1.0 (bot)")
    assert crowd.seen == {}
    assert kinds() == ["robot"]


def test_the_next_minute_counts_anew():
    now = [0.0]
    crowd = Crowd(lambda: now[0])
    assert [crowd.is_full("203.0.113.7") for _ in range(A_MINUTE + 1)][-2:] == [False, True]
    now[0] = 59.9
    assert crowd.is_full("203.0.113.7")
    now[0] = 60.0
    assert not crowd.is_full("203.0.113.7")


def test_its_memory_has_an_end(monkeypatch):
    monkeypatch.setattr(opening, "ADDRESSES", 10)
    crowd = Crowd(lambda: 0.0)
    for number in range(100):
        crowd.is_full(f"203.0.113.{number}")
        assert len(crowd.seen) <= 10
