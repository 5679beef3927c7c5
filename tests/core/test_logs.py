"""core.logs: lines with the fields of the work at hand, and no secret in any of them."""

import json
import logging
import logging.config
from io import StringIO
from typing import Any

import pytest
from celery.app.trace import trace_task

from core import kick, logs, tx
from tgstaff.celery import app as celery

TOKEN = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcX"
SECRETS = {
    "a token": (TOKEN, TOKEN),
    "a token in an address": (f"https://api.telegram.org/bot{TOKEN}/getMe", TOKEN),
    "a token, quoted": (TOKEN.replace(":", "%3A"), TOKEN.partition(":")[2]),
    "a cookie": ("{'Cookie': 'csrftoken=abc; sessionid=canary42'}", "canary42"),
    "a header": ("Authorization: Bearer canary42", "canary42"),
    "a password": ('{"new_password": "canary42"}', "canary42"),
    "a form": ("email=a%40b.c&password=canary42&next=", "canary42"),
    "a key": ("SECRET_KEY=canary42", "canary42"),
    "an address with a password": ("postgres://name:canary42@host/db", "canary42"),
}


@pytest.fixture(params=logs.FORMATS)
def style(request):
    return request.param


@pytest.fixture
def said(style):
    """What is written, as the settings would have it."""
    yield from written(style)


@pytest.fixture
def lines():
    """The same as JSON."""
    yield from written("json")


def written(style):
    text, logger = StringIO(), logging.getLogger("probe")
    options = dict(logs.configuration(level="INFO", style=style)["formatters"]["line"])
    handler = logging.StreamHandler(text)
    handler.setFormatter(options.pop("()")(**options))
    watched = [logger, logging.getLogger("core.middleware"), logging.getLogger("core.ticks")]
    for one in watched:
        one.addHandler(handler)
        one.setLevel(logging.INFO)
    yield text
    for one in watched:
        one.removeHandler(handler)
        one.setLevel(logging.NOTSET)
    logs.clear()


def parsed(text: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.getvalue().splitlines()]


@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS)
def test_it_hides_what_is_secret_wherever_it_stands(said, text, secret):
    log = logging.getLogger("probe")
    log.warning(text)
    log.warning("in an argument: %s", text)
    with logs.bound(field=text):
        log.warning("in a field")
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("in a traceback")
    assert secret not in said.getvalue()
    assert "in a traceback" in said.getvalue()
    assert "ValueError" in said.getvalue()


@pytest.mark.parametrize("plain", ["#4182 @bot: 12:30", "bot 42: 409 Conflict", "a" * 100_000])
def test_it_leaves_what_is_no_secret(said, plain):
    logging.getLogger("probe").warning(plain)
    assert plain in said.getvalue()


def test_a_line_is_an_object_with_its_fields(lines):
    with logs.bound(request_id="abc", bot_id=7):
        logging.getLogger("probe").warning("two\nlines, %s", "yes")
    (line,) = parsed(lines)
    assert line["event"] == "two\nlines, yes"
    assert (line["level"], line["logger"]) == ("warning", "probe")
    assert (line["request_id"], line["bot_id"]) == ("abc", 7)
    assert line["process"] == logs.process()
    assert line["timestamp"]
    assert line["pid"]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["manage.py", "gateway"], "gateway"),
        (["/bin/celery", "-A", "tgstaff", "worker"], "worker"),
        (["/bin/celery", "-A", "tgstaff", "beat"], "beat"),
        (["/srv/tgstaff/web.py", "-p", "8000"], "web"),
    ],
)
def test_it_knows_what_the_process_is(monkeypatch, words, name):
    monkeypatch.setattr("sys.argv", words)
    assert logs.process() == name


class TestRequests:
    def test_each_answer_carries_an_id_of_its_own(self, client, db):
        first, second = client.get("/sign-in/"), client.get("/nothing/")
        assert len(first["X-Request-ID"]) == 32
        assert first["X-Request-ID"] != second["X-Request-ID"]

    def test_a_strangers_id_is_not_taken(self, client, db):
        answer = client.get("/sign-in/", headers={"X-Request-ID": "from-outside"})
        assert answer["X-Request-ID"] != "from-outside"

    def test_the_proxys_id_is_taken_if_it_is_one(self, client, db, settings):
        settings.TRUSTED_PROXIES = 1
        for given in ("from-proxy-1", "x", "a b c d e f g h", "x" * 65):
            answer = client.get("/sign-in/", headers={"X-Request-ID": given})
            assert (answer["X-Request-ID"] == given) == (given == "from-proxy-1")

    def test_a_request_leaves_no_line_unless_that_is_wanted(self, client, db, lines, settings):
        client.get("/sign-in/")
        assert lines.getvalue() == ""
        settings.LOG_REQUESTS = True
        answer = client.get("/welcome/0e2a4a3e-7a58-4a6b-b73e-3d6d3c1f5a11/x/?next=/")
        (line,) = parsed(lines)
        assert line["request_id"] == answer["X-Request-ID"]
        assert line["status"] == answer.status_code
        assert line["user"] == "0e2a4a3e-7a58-4a6b-b73e-3d6d3c1f5a11"
        assert "next" not in line["event"]


@pytest.mark.django_db(transaction=True)
def test_a_task_is_kicked_with_the_id_of_its_request(monkeypatch):
    sent: list[dict[str, object]] = []
    monkeypatch.setattr(kick._Sender, "put", lambda self, one: self._publish(*one[1:]))
    monkeypatch.setattr(celery, "send_task", lambda name, **options: sent.append(options))
    with logs.bound(request_id="abc"), tx.change():
        kick.task("core.tick", name="probe")
    assert [one["headers"] for one in sent] == [{"request_id": "abc"}]


@pytest.fixture
def drain(monkeypatch):
    """A task that only logs."""
    celery.loader.import_default_modules()
    task = celery.tasks["sessions_app.drain_inbox"]
    monkeypatch.setattr(task, "run", lambda bot_id: logging.getLogger("probe").warning("drained"))
    return task


def test_what_a_task_logs_names_it_and_its_request(lines, drain):
    # as a worker does it: what a message's headers hold is the task's request
    trace_task(drain, "its-own", (), {"bot_id": 7}, request={"request_id": "abc"}, app=celery)
    (line,) = parsed(lines)
    assert line["task"] == "sessions_app.drain_inbox"
    assert (line["request_id"], line["bot_id"]) == ("abc", 7)
    assert logs.request_id() is None


def test_a_task_without_a_request_goes_by_its_own_id(lines, drain):
    request = {"id": "its-own", "request_id": None}
    trace_task(drain, "its-own", (), {"bot_id": 7}, request=request, app=celery)
    assert parsed(lines)[0]["request_id"] == "its-own"
