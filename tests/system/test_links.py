"""The public path of links in a real web process, with the database going away in the middle."""

import os
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from redirects.actions.clicks import Start, redeem
from redirects.models import Click, EarlyStart, new_code
from tests.factories import make_bot, make_link, make_project
from tests.support.processes import started
from tests.support.proxy import proxy
from tests.support.servers import free_port
from tests.support.waiting import until

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(300)]

CLICKS = 2000
AWAY_S = 5.0
PATIENCE_S = 100
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"}
TICKET = re.compile(r"https://t\.me/acme_bot\?start=([A-Za-z0-9_-]{22})")


@pytest.fixture
def links(transactional_db):
    project = make_project()
    make_bot(project, username="acme_bot")
    return [make_link(project) for _ in range(20)]


@pytest.fixture
def web(links, database_url, tmp_path):
    """The web process's port, and the wire between it and the database."""
    at, port = urlsplit(database_url), free_port()
    with proxy(at.hostname, at.port) as wire:
        mine = database_url.replace(f":{at.port}/", f":{wire.port}/")
        command = [sys.executable, "-m", "tgstaff.web", "-p", str(port), "-v", "0"]
        environment = {"DATABASE_URL": mine, "DATA_DIR": str(tmp_path / "data")}
        log = tmp_path / "web.log"
        with started([*command, "tgstaff.asgi:application"], log, os.environ | environment):
            until(lambda: answers(port), PATIENCE_S)
            yield port, wire, log


def answers(port):
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


def follow(port, code, http=requests):
    return http.get(
        f"http://127.0.0.1:{port}/{code}", headers=BROWSER, allow_redirects=False, timeout=30
    )


@pytest.mark.parametrize("how", ["refuse", "swallow"])
def test_two_thousand_clicks_while_the_database_goes_and_comes(web, links, how):
    port, wire, log = web
    until(lambda: follow(port, links[0].code).status_code == 302, PATIENCE_S)
    time.sleep(1)  # the table is read at the start
    before = Click.objects.count()
    gone, back = threading.Event(), threading.Event()

    def visit(number):
        with requests.Session() as http:
            found = []
            for turn in range(CLICKS // 20):
                if turn == 30:
                    gone.wait(60)
                if turn == 70:
                    back.wait(60)
                answer = follow(port, links[number].code, http)
                found.append((answer.status_code, answer.headers.get("Location", "")))
            return found

    with ThreadPoolExecutor(20) as crowd:
        visits = [crowd.submit(visit, number) for number in range(20)]
        until(lambda: Click.objects.count() >= before + 300, 60)
        getattr(wire, how)()
        gone.set()
        time.sleep(AWAY_S)
        wire.clear()
        back.set()
        found = [one for visit in visits for one in visit.result()]
    assert {status for status, _where in found} == {302}, log.read_text()[-3000:]
    tickets = [TICKET.fullmatch(where)[1] for _status, where in found]
    assert len(set(tickets)) == CLICKS
    until(lambda: Click.objects.count() == before + CLICKS, 60)
    assert Click.objects.filter(ticket__in=tickets).count() == CLICKS
    assert "go to the spool" in log.read_text()


def test_a_start_drained_before_its_spooled_click_gets_its_campaign(web, links):
    port, wire, _log = web
    until(lambda: follow(port, links[0].code).status_code == 302, PATIENCE_S)
    time.sleep(1)
    wire.refuse()
    ticket = TICKET.fullmatch(follow(port, links[3].code).headers["Location"])[1]
    start = Start(ticket, 1001, links[0].public_id)
    assert redeem(project=links[3].project, starts=[start]) == {}
    assert EarlyStart.objects.filter(ticket=ticket).exists()
    wire.clear()
    until(lambda: not EarlyStart.objects.exists(), 60)  # stored first, joined then
    click = Click.objects.get(ticket=ticket)
    assert (click.person, click.link) == (1001, links[3])


def test_a_process_that_knows_no_links_says_so(web, links):
    port, wire, _log = web
    wire.refuse()
    answer = follow(port, new_code())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "on our side" in answer.text
