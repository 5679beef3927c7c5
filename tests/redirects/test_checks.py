"""Links' addresses are opened as visitors do, a few at a time, and never anything else."""

from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace

import pytest

from core import clock
from redirects import capture, client
from redirects.actions import checks
from redirects.models import CHECKER, Click, Link
from redirects.queries import latest_clicks
from tests.factories import make_link

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    monkeypatch.setattr(checks, "PAUSE_SECONDS", 0)


@pytest.fixture
def site(settings):
    """A public address whose answers a test chooses: (status, headers) by path; and what was asked."""
    asked, answers = [], {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["User-Agent"]))
            status, headers = answers.get(self.path, (404, {}))
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        settings.PUBLIC_URL = f"http://127.0.0.1:{server.server_port}"
        yield SimpleNamespace(asked=asked, answers=answers)
        server.shutdown()
        thread.join()


def leads(site, link, to="https://t.me/acme_bot?start=abc"):
    site.answers[f"/{link.code}"] = (302, {"Location": to})


def seen(link):
    link.refresh_from_db()
    return link.check_state, link.check_detail


def test_it_is_a_robot_to_those_who_count():
    headers = {"user-agent": CHECKER}
    found = capture.visit(method="GET", peer="127.0.0.1", query=b"", headers=headers)
    assert found.kind == capture.ROBOT


def test_a_link_that_leads_into_the_bot(site, link):
    leads(site, link)
    assert checks.check_due() == 1
    assert seen(link) == ("leads", "@acme_bot")
    assert site.asked == [(f"/{link.code}", CHECKER)]


@pytest.mark.parametrize(
    ("status", "to", "found"),
    [
        (302, "https://t.me/other_bot?start=abc", ("wrong", "t.me")),
        (302, "https://t.me.evil.example/acme_bot?start=abc", ("wrong", "t.me.evil.example")),
        (302, "", ("wrong", "")),
        (301, "http://127.0.0.1:1/", ("wrong", "301")),
        (200, "", ("wrong", "200")),
        (404, "", ("wrong", "404")),
        (410, "", ("nowhere", "410")),
        (503, "", ("nowhere", "503")),
    ],
)
def test_what_else_may_answer(site, link, status, to, found):
    site.answers[f"/{link.code}"] = (status, {"Location": to} if to else {})
    checks.check_due()
    assert seen(link) == found
    assert len(site.asked) == 1  # nothing is followed


def test_an_installation_that_does_not_answer_is_asked_once(settings, link):
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    others = [make_link(link.project, name=str(number)) for number in range(5)]
    assert checks.check_due() == 1
    assert {seen(one) for one in [link, *others]} == {("unreachable", "connection")}
    assert checks.check_due() == 0
    Link.objects.update(check_due_at=clock.now() - timedelta(seconds=1))
    assert checks.check_due() == 1


def test_without_a_public_address_nothing_is_asked(settings, link):
    settings.PUBLIC_URL = ""
    assert checks.check_due() == 0
    assert seen(link) == ("", "")


def test_only_enabled_links_that_are_due_and_a_bounded_number(site, link, monkeypatch):
    make_link(link.project, name="off", is_enabled=False)
    make_link(link.project, name="gone", archived_at=clock.now())
    make_link(link.project, name="later", check_due_at=clock.now() + timedelta(hours=1))
    for number in range(4):
        make_link(link.project, name=str(number))
    monkeypatch.setattr(checks, "AT_ONCE", 3)
    assert [checks.check_due() for _round in range(3)] == [3, 2, 0]


def test_a_round_ends_after_some_seconds(site, link, monkeypatch):
    make_link(link.project)
    monkeypatch.setattr(checks, "ROUND_SECONDS", -1)
    assert checks.check_due() == 0


def test_two_at_once_do_not_ask_twice(site, link):
    (due,) = checks._due()
    assert checks._claim(due)
    assert not checks._claim(due)


def test_our_own_looks_are_not_shown_among_those_who_came(link):
    Click.objects.create(link=link, kind="robot", user_agent=CHECKER)
    other = Click.objects.create(link=link, kind="robot", user_agent="Googlebot")
    assert latest_clicks(link, 5) == [other]


def test_a_hanging_server_costs_seconds_and_no_more():
    assert client.CONNECT_SECONDS + client.READ_SECONDS < 10
