"""A bot's token comes in by a form and goes out to Telegram. It is seen nowhere else."""

import json
import logging
import re
from collections.abc import Callable
from io import StringIO

import pytest
from django.db import connection

from bots import periodic
from bots.models import Bot
from core.aio import in_db
from live.sockets.hub import Hub
from projects.models import Project
from sessions_app.sockets import AppSocket
from tests.factories import make_project
from tests.live.pages import opened
from tests.security.asking import Asker, text_of
from tests.security.routes import PAGES, TABLE, path_of
from tests.security.test_matrix import EXITS, ids_for
from tests.security.world import World, make_world
from tests.support.servers import free_port
from tests.support.telegram import TOKEN

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SECRET = TOKEN.partition(":")[2]


@pytest.fixture
def world(transactional_db):
    return make_world()


@pytest.fixture
def log():
    """Every record of the test, whatever its level, with tracebacks.

    Not caplog: it has forgotten the test's records by the time a fixture ends.
    """
    text, root = StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)
    assert SECRET not in text.getvalue()


@pytest.fixture
def desk(world, telegram) -> Project:
    """A project without a bot yet; Telegram knows the bot of the token."""
    telegram.add_bot()
    return make_project(world.here.company, "Desk", state=Project.State.DRAFT)


def submit(world: World, project: Project, token: str = TOKEN) -> str:
    """The owner gives the token on the console; all that the answers say."""
    owner = Asker(world.people["owner"])
    path = path_of("console/projects/<uuid:project_id>/bot/", {"project_id": project.public_id})
    said = text_of(owner.ask("POST", path, {"token": token}))
    return said + text_of(owner.ask("GET", path))  # with the message of what came of it


def submit_in_admin(world: World, project: Project) -> str:
    """The same in the admin, for a new bot."""
    owner = Asker(world.people["owner"])
    sent = {"project": project.pk, "new_token": TOKEN}
    said = text_of(owner.ask("POST", "/admin/bots/bot/add/", sent))
    return said + text_of(owner.ask("GET", "/admin/bots/bot/"))


def stored() -> str:
    """Every value of every table, as the database itself keeps it."""
    with connection.cursor() as cursor:
        seen = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                seen += [
                    bytes(v).decode(errors="replace")
                    if isinstance(v, bytes | memoryview)
                    else str(v)
                    for v in row
                ]
    return "\n".join(seen)


@pytest.mark.parametrize("give", [submit, submit_in_admin])
def test_connecting_shows_and_keeps_it_nowhere_in_the_clear(world, desk, log, give):
    assert SECRET not in give(world, desk)
    assert Bot.objects.get(project=desk).token == TOKEN  # it is there
    assert "bot.connected" in stored()
    assert SECRET not in stored()


@pytest.mark.sweep
@pytest.mark.parametrize("role", ["owner", "manager", "agent", "support", "staff"])
def test_no_page_shows_it(world, desk, log, role):
    submit(world, desk)
    bot = Bot.objects.get(project=desk)
    asker, place = Asker(world.people[role]), world.here
    place.bot, place.project, place.rows["bots.Bot"] = bot, desk, bot
    place.rows["projects.Project"] = desk
    for route in TABLE:
        if route not in EXITS:
            answer = asker.ask("GET", path_of(route, ids_for(place, route)), {"tab": "all"})
            assert SECRET not in text_of(answer), route
    if role == "staff":
        change = asker.ask("GET", f"/admin/bots/bot/{bot.pk}/change/")
        assert change.status_code == 200
        assert bot.username in text_of(change)


def refuse(telegram, settings) -> None:
    telegram.fault("401", method="getMe", count=1)


def stumble(telegram, settings) -> None:
    telegram.fault("500", method="getMe", count=1)


def babble(telegram, settings) -> None:
    telegram.fault("502html", method="getMe", count=1)


def cut(telegram, settings) -> None:
    telegram.fault("cut_after", method="getMe", count=1)


def vanish(telegram, settings) -> None:
    settings.TELEGRAM_API_BASE = f"http://127.0.0.1:{free_port()}"


FAULTS = [refuse, stumble, babble, cut, vanish]


@pytest.mark.parametrize("give", [submit, submit_in_admin])
@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_wrong_while_connecting_quotes_it_nowhere(
    world, desk, log, telegram, settings, fault: Callable[..., None], give
):
    fault(telegram, settings)
    assert SECRET not in give(world, desk)
    assert not Bot.objects.filter(project=desk).exists()
    assert SECRET not in stored()


@pytest.mark.parametrize("give", [submit, submit_in_admin])
def test_a_page_that_breaks_with_it_in_hand_does_not_show_it(world, desk, log, monkeypatch, give):
    monkeypatch.setattr("bots.actions.bots.record_audit", lambda **row: 1 / 0)
    assert SECRET not in give(world, desk)
    assert "ZeroDivisionError" in log.getvalue()
    assert SECRET not in stored()


@pytest.mark.parametrize("kind", ["401", "409", "429", "500", "502html", "cut_before", "cut_after"])
def test_reading_in_trouble_tells_it_to_nobody(world, desk, log, telegram, shift_clock, kind):
    submit(world, desk)
    shift_clock(60)
    telegram.fault(kind, method="getUpdates", count=1)
    periodic.poll_unread()
    assert telegram.calls("getUpdates")
    assert SECRET not in stored()
    owner = Asker(world.people["owner"])
    for route in PAGES:
        if re.findall(r"<\w+:(\w+)>", route) == ["project_id"]:
            path = path_of(route, {"project_id": desk.public_id})
            assert SECRET not in text_of(owner.ask("GET", path)), route


@pytest.mark.parametrize("method", ["getMe", "getWebhookInfo"])
@pytest.mark.parametrize("kind", ["401", "429", "500", "502html", "cut_after"])
def test_a_doctor_in_trouble_tells_it_to_nobody(world, desk, log, telegram, method, kind):
    submit(world, desk)
    telegram.fault(kind, method=method, count=1)
    owner = Asker(world.people["owner"])
    for step, ask in (("ask/", "POST"), ("", "GET")):
        path = f"/console/projects/{desk.public_id}/doctor/{step}"
        assert SECRET not in text_of(owner.ask(ask, path))
    assert telegram.calls(method)
    assert SECRET not in stored()


async def test_no_frame_of_a_socket_holds_it(world, desk, log, telegram, shift_clock):
    owner, stream = world.people["owner"], desk.public_id
    async with opened(owner, socket=AppSocket, hub=Hub()) as page:
        await page.hello(stream, owner.public_id)
        await in_db(submit, world, desk)
        await page.until(lambda: states(page, "ok"))
        telegram.fault("401", method="getUpdates", count=1)
        shift_clock(60)
        await in_db(periodic.poll_unread)
        await page.until(lambda: states(page, "invalid"))
        assert SECRET not in json.dumps(page.frames)


def states(page, wanted: str) -> bool:
    """Whether the page has heard that the bot is in this state."""
    bots = [item["data"]["bot"] for item in page.items() if item["kind"] == "project.changed"]
    return any(bot and bot["state"] == wanted for bot in bots)


def test_the_sweep_of_the_database_would_find_it(world):
    """Guards the tests above: a token in the clear, anywhere, is seen."""
    assert SECRET not in stored()
    Project.objects.filter(pk=world.here.project.pk).update(remark=SECRET)
    assert SECRET in stored()
