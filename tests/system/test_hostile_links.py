"""Five hundred requests that no browser sends, over raw sockets, through both doors to a link."""

import os
import random
import re
import socket
import sys
from http.client import HTTPException, HTTPResponse
from itertools import product

import pytest
import requests

from redirects.models import Click
from tests.factories import make_bot, make_link, make_member, make_project
from tests.support import api
from tests.support.processes import started
from tests.support.servers import free_port
from tests.support.waiting import until

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(300)]

DOORS = {"edge": "tgstaff.asgi:application", "view": "tests.support.plain:application"}
CASES = 250  # at each door
LEADS_ON = re.compile(r"https://t\.me/acme_bot\?start=[A-Za-z0-9_-]{22}")
HERE = re.compile(r"/(?!/)[^\\\r\n]*")
MARK = b"qzxss"

PAYLOADS = [
    b"<script>qzxss()</script>",
    b'"><img src=x onerror=qzxss()>',
    b"javascript:qzxss()",
    b"//evil.example/qzxss",
    b"https:evil.example",
    b"\\\\evil.example",
    b"x\r\nX-Injected: qzxss",
    b"x\nSet-Cookie: qzxss=1",
    b"%0d%0aX-Injected:%20qzxss",
    b"%00qzxss",
    b"\x00\x01\x1b[31mqzxss\x7f",
    b"\xff\xfe\xed\xa0\x80qzxss",
    b"%FF%FE%ED%A0%80",
    "пример.рф".encode(),
    "е\u0301vil\u2028\u2029\u202eqzxss".encode(),
    b"xn--e1afmkfd.xn--p1ai",
    b"=cmd|' /C calc'!A0",
    b"{{7*7}}{% debug %}",
    b"' OR 1=1 --",
    b"../../../../etc/passwd",
    b"1.2.3.4, 5.6.7.8, ::ffff:1.2.3.4, qzxss",
    b"[::1]:99999",
    b"-1",
    b"9" * 400,
    b"A" * 20_000,
    b"B" * 1_000_000,
    b"",
]
HEADERS = [
    *(b"User-Agent", b"Referer", b"Accept-Language", b"X-Forwarded-For", b"X-Forwarded-Proto"),
    *(b"Host", b"X-Forwarded-Host", b"X-Request-ID", b"Cookie", b"Sec-Purpose", b"Range"),
    *(b"Content-Length", b"Transfer-Encoding", b"Expect", b"Connection"),
]
TARGETS = [
    b"/%(code)s?%(evil)s",
    b"/%(code)s?utm_source=%(evil)s&plan=%(evil)s",
    b"/%(code)s?%(evil)s=%(evil)s&next=%(evil)s",
    b"/%(code)s/%(evil)s",
    b"/%(evil)s/%(code)s",
    b"//evil.example/%(code)s",
    b"http://evil.example/%(code)s",
    b"/%(code)s%%2f%%2e%%2e?%(evil)s",
    b"/%(code)s;%(evil)s",
    b"/%(code)s#%(evil)s",
]
METHODS = [b"GET"] * 6 + [b"HEAD", b"POST", b"OPTIONS", b"QZXSS"]


def cases(code: str, port: int) -> list[bytes]:
    """The same ones in every run: each payload in each header and target, as far as they go."""
    chance = random.Random(5)
    places = [*product(PAYLOADS, HEADERS), *product(PAYLOADS, TARGETS)]
    return [_request(code, port, chance, *place) for place in chance.sample(places, CASES)]


def _request(code: str, port: int, chance: random.Random, evil: bytes, place: bytes) -> bytes:
    words = {b"code": code.encode(), b"evil": evil}
    headers = {b"Host": b"127.0.0.1:%d" % port, b"User-Agent": b"Mozilla/5.0 Firefox/140.0"}
    target = b"/" + words[b"code"]
    if place in HEADERS:
        headers[place] = evil
    else:
        target = place % words
    lines = [b"%s %s HTTP/1.1" % (chance.choice(METHODS), target)]
    lines += [b"%s: %s" % pair for pair in headers.items()]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def ask(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status (0: the connection was closed without an answer), headers and body."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        try:
            wire.sendall(request)
            answer = HTTPResponse(wire, method=request.split()[0].decode("latin-1"))
            answer.begin()
            return answer.status, dict(answer.getheaders()), answer.read()
        except (ConnectionError, HTTPException):
            return 0, {}, b""


@pytest.mark.parametrize("door", DOORS)
def test_none_of_them_breaks_anything_or_leads_elsewhere(
    door, transactional_db, database_url, tmp_path
):
    project = make_project()
    make_bot(project, username="acme_bot")
    link = make_link(project)
    boss = make_member(project.company, role="manager").user
    port, log = free_port(), tmp_path / "web.log"
    command = [sys.executable, "-m", "tgstaff.web", "-p", str(port), "-v", "0", DOORS[door]]
    environment = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data")}
    with started(command, log, os.environ | environment):
        until(lambda: _leads_on(port, link.code), 100)
        statuses = [_judge(port, request) for request in cases(link.code, port)]
        assert _leads_on(port, link.code)  # it is as well as before
    assert statuses.count(302) >= CASES // 4, "most of them are let in, and go on to the bot"
    said = log.read_text()
    assert "Traceback" not in said, said[said.index("Traceback") - 500 :][:4000]
    assert Click.objects.count() >= statuses.count(302)
    _look_at_pages(api.browser(boss), project)


def _leads_on(port: int, code: str) -> bool:
    address = f"http://127.0.0.1:{port}/{code}"
    try:
        return requests.get(address, allow_redirects=False, timeout=20).status_code == 302
    except requests.ConnectionError:
        return False


def _judge(port: int, request: bytes) -> int:
    status, headers, body = ask(port, request)
    assert status < 500, (status, request[:300])
    assert "X-Injected" not in headers
    assert "qzxss" not in headers.get("Set-Cookie", "")
    where = headers.get("Location")
    assert where is None or LEADS_ON.fullmatch(where) or HERE.fullmatch(where), (where, request)
    assert b"<script>" + MARK not in body
    assert b"<img src=x onerror=" + MARK not in body
    return status


def _look_at_pages(boss, project) -> None:
    """What came along is text where people read it, and no formula."""
    place = f"/console/projects/{project.public_id}/links/"
    for address in (place, f"{place}ledger/", "/admin/redirects/click/"):
        page = boss.get(address)
        assert page.status_code == 200, address
        assert b"<script>" + MARK not in page.content
        assert b"<img src=x onerror=" + MARK not in page.content
    file = b"".join(boss.get(f"{place}ledger.csv"))
    assert not re.search(rb'(^|[,"])=cmd', file, re.MULTILINE)
