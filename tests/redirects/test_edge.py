"""The fast door: the same answers as the view behind it, out of this process's memory."""

import asyncio
import random
from datetime import timedelta

import pytest
from asgiref.testing import ApplicationCommunicator

from core import clock
from redirects import table, writer
from redirects.actions.clicks import store
from redirects.actions.links import archive_link, change_link, create_link
from redirects.edge import Edge
from redirects.models import TICKET, Click
from redirects.spool import Spool
from redirects.table import Table
from redirects.writer import Writer

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
MEANT = {"Cache-Control", "Referrer-Policy", "Content-Length"}
OWN = {"Location", "X-Request-ID", "Vary", "Content-Language"}


@pytest.fixture
def known(monkeypatch):
    """This test's own table."""
    mine = Table()
    monkeypatch.setattr(table, "current", mine)
    return mine


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """The clicks that reach the writer; they are kept at once."""
    clicks = []

    class Instant(Writer):
        async def keep(self, click):
            clicks.append(click)

    monkeypatch.setattr(writer, "current", Instant(lambda: Spool(tmp_path / "clicks.sqlite3")))
    return clicks


async def behind(scope, receive, send):
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"behind"})


async def ask(path, *, method="GET", query=b"", host=b"localhost", scheme="http", headers=()):
    """Status and headers."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "scheme": scheme,
        "client": ["203.0.113.7", 4711],
        "headers": [(b"host", host), (b"user-agent", BROWSER.encode()), *headers],
    }
    communicator = ApplicationCommunicator(Edge(behind), scope)
    await communicator.send_input({"type": "http.request", "body": b""})
    begin = await communicator.receive_output(5)
    await communicator.receive_output(5)
    return begin["status"], {name.decode(): value.decode() for name, value in begin["headers"]}


def asked(*args, **kwargs):
    return asyncio.run(ask(*args, **kwargs))


@pytest.mark.django_db
def test_it_leads_on_with_those_of_the_views_headers_that_mean_something(link, known, kept, client):
    known.refresh()
    status, headers = asked(f"/{link.code}", query=b"utm_source=news&plan=gold")
    click = kept[0]
    assert status == 302
    assert headers["Location"] == f"https://t.me/acme_bot?start={click.ticket}"
    assert TICKET.fullmatch(click.ticket)
    assert (click.link_id, click.visit.kind, click.visit.ip, click.state) == (
        link.pk,
        "visit",
        "203.0.113.7",
        "active",
    )
    assert (click.visit.params, click.visit.utm) == ([["plan", "gold"]], {"source": "news"})
    assert abs(click.at - clock.now()) < timedelta(seconds=5)
    view = client.get(f"/{link.code}", headers={"user-agent": BROWSER})
    theirs = {name: value for name, value in view.headers.items() if name not in OWN}
    said = {name: value for name, value in headers.items() if name not in OWN}
    assert said == {name: theirs[name] for name in MEANT}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("/{code}", {"method": "POST"}),
        ("/{code}/", {}),
        ("/" + "A" * 12, {}),
        ("/sign-in/", {}),
        ("/{code}", {"host": b"evil.example"}),
        ("/{code}", {"host": b"t\xc3\xa9st.example"}),
        ("/{code}", {"host": b""}),
    ],
)
def test_all_else_is_left_to_django(link, known, kept, path, how):
    known.refresh()
    assert asked(path.format(code=link.code), **how)[0] == 299
    assert kept == []


@pytest.mark.django_db
@pytest.mark.parametrize("query", [b"q=\xff\xfe&\xed=1", b"q=\xc3\xa9", b"%ff=%fe+&\xe9;=[]"])
def test_a_query_that_is_no_text_is_read_the_same_behind_both_doors(
    link, known, kept, client, query, monkeypatch
):
    known.refresh()
    assert asked(f"/{link.code}", query=query)[0] == 302
    passed_on = []

    async def behind(scope, receive, send):
        passed_on.append(scope["query_string"])
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    monkeypatch.setitem(globals(), "behind", behind)
    known.ways.clear()
    assert asked(f"/{link.code}", query=query)[0] == 299
    client.get(f"/{link.code}", QUERY_STRING=passed_on[0].decode("utf-8"))
    assert Click.objects.get().params == kept[0].visit.params != []


@pytest.mark.django_db
def test_links_that_lead_nowhere_are_left_to_the_view(project, known, kept):
    codes = [
        create_link(project=project, actor=None, name="off", is_enabled=False).code,
        create_link(
            project=project, actor=None, name="over", expires_at=clock.now() - timedelta(1)
        ).code,
    ]
    known.refresh()
    assert [asked(f"/{code}")[0] for code in codes] == [299, 299]


@pytest.mark.django_db
def test_http_is_left_to_the_redirect_to_https(link, known, kept, settings):
    known.refresh()
    settings.SECURE_SSL_REDIRECT = True
    assert asked(f"/{link.code}")[0] == 299
    assert asked(f"/{link.code}", scheme="https")[0] == 302
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for said, status in ((b"https", 302), (b"http", 299)):
        assert asked(f"/{link.code}", headers=[(b"x-forwarded-proto", said)])[0] == status


@pytest.mark.django_db
def test_a_full_queue_asks_to_come_again(link, known, kept, monkeypatch):
    async def full(click):
        raise writer.Full

    known.refresh()
    monkeypatch.setattr(writer.current, "keep", full)
    status, headers = asked(f"/{link.code}")
    assert (status, headers["Retry-After"]) == (503, "2")


# ---------------------------------------------------------------- the table


@pytest.mark.django_db
def test_the_table_takes_only_what_has_changed(project, known, django_assert_num_queries):
    first = create_link(project=project, actor=None, name="first")
    known.refresh()
    second = create_link(project=project, actor=None, name="second")
    change_link(link=first, actor=None, is_enabled=False)
    assert known.find(first.code)[0].is_enabled
    known.refresh()
    assert not known.find(first.code)[0].is_enabled
    assert known.find(second.code)[1].username == "acme_bot"
    archive_link(link=second, actor=None)
    known.refresh()
    assert known.find(second.code) is None
    with django_assert_num_queries(2):
        known.refresh()


@pytest.mark.django_db
def test_a_projects_own_changes_are_seen_without_its_links(project, link, known):
    known.refresh()
    project.bot.username = "other_bot"
    project.bot.save()
    known.refresh()
    assert known.find(link.code)[1].username == "other_bot"
    project.archived_at = clock.now()
    project.save()
    known.refresh()
    assert known.find(link.code) is None


@pytest.mark.django_db(transaction=True)
def test_a_change_in_this_process_is_seen_at_once(project, known):
    known.is_stale.clear()
    create_link(project=project, actor=None, name="new")
    assert known.is_stale.is_set()


# ---------------------------------------------------------------- hostile visitors

PIECES = [
    b"\x00", b"\r\nSet-Cookie: a=b", b"\nLocation: //evil.example", b"//evil.example",
    b"javascript:alert(1)", b"<script>alert(1)</script>", b"\xff\xfe", b"\xed\xa0\x80", b"%00%0d%0a",
    b"\xe2\x80\xaeevil", b"\xf0\x9f\x98\x80" * 300, b"A" * 1_000_000, b"1.2.3.4, evil", b"::1%eth0",
    b"&&&&", b"%", b"a[b]=c", b"=", b";", b"xn--e1awd7f.example", b"\xd1\x82.example",
]  # fmt: skip
NAMES = [b"user-agent", b"referer", b"accept-language", b"x-forwarded-for", b"sec-purpose",
         b"x-forwarded-proto", b"x-request-id", b"host", b"cookie"]  # fmt: skip


@pytest.mark.django_db
def test_five_hundred_hostile_visits_change_nothing_but_their_own_click(
    link, known, kept, settings
):
    settings.TRUSTED_PROXIES = 1
    known.refresh()
    dice = random.Random(7)

    def hostile():
        return b"".join(dice.choices(PIECES, k=dice.randint(1, 3)))

    async def all_of_them():
        return [
            await ask(
                f"/{link.code}",
                method=dice.choice(["GET", "HEAD"]),
                query=hostile(),
                host=dice.choice([b"localhost", b"localhost", hostile()]),
                headers=[(dice.choice(NAMES), hostile()) for _ in range(dice.randint(0, 3))],
            )
            for _ in range(500)
        ]

    answers = asyncio.run(all_of_them())
    led_on = [headers for status, headers in answers if status == 302]
    assert {status for status, _headers in answers} == {302, 299}
    assert len(led_on) == len(kept) > 200
    for headers, click in zip(led_on, kept, strict=True):
        assert headers["Location"] == f"https://t.me/acme_bot?start={click.ticket}"
        assert not any(
            sign in str(headers) for sign in ("evil", "<script", "\r", "\n", "Set-Cookie")
        )
        assert len(click.visit.user_agent) <= 512
    store(kept)  # the database takes each as it is
