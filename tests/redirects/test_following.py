"""The public address of a link."""

from datetime import timedelta

import pytest
from django.test import Client

from bots.models import Bot
from core import clock
from projects.models import Project
from redirects.models import TICKET, Click, Link
from tests.factories import make_link, make_project

pytestmark = pytest.mark.django_db

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def follow(link, query="", method="get", **headers):
    headers.setdefault("user-agent", BROWSER)
    code = link if isinstance(link, str) else link.code
    return getattr(Client(), method)(f"/{code}{query}", headers=headers)


def test_it_leads_into_the_bot_and_remembers_the_visitor(link):
    answer = follow(
        link,
        "?utm_source=news&plan=gold",
        **{"accept-language": "de,en", "referer": "https://example.org/a"},
    )
    click = Click.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"https://t.me/acme_bot?start={click.ticket}"
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert answer.content == b""
    assert TICKET.fullmatch(click.ticket)
    assert (click.link, click.kind, click.state, click.ip) == (link, "visit", "active", "127.0.0.1")
    assert (click.language, click.referrer) == ("de,en", "https://example.org/a")
    assert (click.params, click.utm) == ([["plan", "gold"]], {"source": "news"})
    assert click.user_agent == BROWSER


def test_each_click_has_a_ticket_of_its_own(link):
    tickets = {follow(link)["Location"] for _ in range(20)}
    assert len(tickets) == 20
    assert Click.objects.count() == 20


def test_what_only_looks_is_led_on_and_told_apart(link):
    assert follow(link, method="head").status_code == 302
    assert follow(link, **{"user-agent": "TelegramBot (like TwitterBot)"}).status_code == 302
    assert follow(link, **{"sec-purpose": "prefetch"}).status_code == 302
    kinds = Click.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["head", "robot", "prefetch"]


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_it_is_only_there_to_be_opened(link, method):
    assert follow(link, method=method).status_code == 405
    assert not Click.objects.exists()


def test_unknown_codes_are_all_the_same(link, project):
    gone = make_link(project, archived_at=clock.now())
    closed = make_link(make_project(archived_at=clock.now()))
    codes = ["A" * 12, gone.code, closed.code, "short", "A" * 40, link.code.swapcase()]
    answers = [follow(code) for code in codes]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert not Click.objects.exists()


STATES = [
    ({}, {}, {}, "active", 302),
    ({}, {}, {"state": "paused"}, "paused", 302),
    ({}, {"state": "deaf"}, {}, "bot_unread", 302),
    ({}, {"state": "conflict"}, {}, "bot_unread", 302),
    ({"is_enabled": False}, {}, {}, "disabled", 410),
    ({"expires_at": -1}, {}, {}, "expired", 410),
    ({"expires_at": 60}, {}, {}, "active", 302),
    ({}, {"state": "invalid"}, {"state": "bot_invalid"}, "bot_invalid", 503),
    ({"is_enabled": False, "expires_at": -1}, {}, {"state": "bot_invalid"}, "disabled", 410),
]


@pytest.mark.parametrize(("of_link", "of_bot", "of_project", "state", "status"), STATES)
def test_its_state_says_what_becomes_of_the_visitor(
    link, project, of_link, of_bot, of_project, state, status
):
    if "expires_at" in of_link:
        at = clock.now() + timedelta(seconds=of_link["expires_at"])
        of_link = of_link | {"expires_at": at}
    Link.objects.update(fallback_url="https://acme.example/contact", **of_link)
    if of_bot:
        Bot.objects.update(**of_bot)
    if of_project:
        Project.objects.update(**of_project)
    answer = follow(link)
    assert answer.status_code == status
    assert answer["Cache-Control"] == "no-store"
    assert Click.objects.get().state == state
    if status != 302:
        page = answer.content.decode()
        assert "https://acme.example/contact" in page
        assert project.company.name in page
        assert ("t.me" in page) == (state == "bot_invalid")


@pytest.mark.parametrize(
    ("fields", "said", "unsaid"),
    [
        ({"is_enabled": False}, "we have closed it", "for a time that is over"),
        ({"expires_at": timedelta(-1)}, "for a time that is over", "we have closed it"),
    ],
)
def test_it_says_whether_it_was_closed_or_is_over(link, fields, said, unsaid):
    if "expires_at" in fields:
        fields = {"expires_at": clock.now() + fields["expires_at"]}
    Link.objects.update(**fields)
    page = follow(link).content.decode()
    assert said in page
    assert unsaid not in page


def test_a_project_without_a_bot_shows_a_way_on():
    link = make_link(make_project(), fallback_url="https://acme.example/contact")
    answer = follow(link)
    assert (answer.status_code, Click.objects.get().state) == (503, "no_bot")
    assert "https://acme.example/contact" in answer.content.decode()


HOSTILE = [
    "%00", "%0d%0aSet-Cookie:%20a=b", "%0aLocation:%20//evil.example", "//evil.example",
    "javascript:alert(1)", "<script>alert(1)</script>", "%ff%fe", "%ed%a0%80", "%u0000", "..%2f..",
    "\u202eevil", "%F0%9F%98%80" * 300, "A" * 100_000, "=", "&&&&", ";", "%", "[]", "a[b]=c",
]  # fmt: skip
HEADERS = ["user-agent", "referer", "accept-language", "x-forwarded-for", "sec-purpose", "host"]


@pytest.mark.parametrize("name", ["query", "params", *HEADERS])
def test_hostile_visitors_change_nothing_but_their_own_row(link, settings, name):
    settings.TRUSTED_PROXIES = 1
    settings.ALLOWED_HOSTS = ["*"]
    for hostile in HOSTILE:
        if name == "query":
            answer = follow(link, f"?{hostile}")
        elif name == "params":
            answer = follow(link, f"?utm_source={hostile}&{hostile}={hostile}")
        else:
            value = hostile.encode("latin-1", "replace").decode("latin-1")
            answer = follow(link, **{name: value})
        assert answer.status_code in ({302, 400} if name == "host" else {302}), hostile
        if answer.status_code == 302:
            click = Click.objects.latest("pk")
            assert answer["Location"] == f"https://t.me/acme_bot?start={click.ticket}"
            assert "evil" not in str(answer.headers)
            assert "Set-Cookie" not in answer.headers


def test_no_address_is_kept_where_none_is_wanted(link, settings):
    settings.CLICK_IPS = False
    follow(link)
    assert Click.objects.get().ip is None
