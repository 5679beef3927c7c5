"""Who may open the socket, and when an open one falls silent."""

import json

import pytest
from asgiref.testing import ApplicationCommunicator
from django.test import Client

from accounts import actions as accounts
from core.aio import in_db
from live.sockets.hub import Hub
from projects import actions as projects
from sessions_app.sockets import AppSocket
from tests.live.pages import PATIENCE, cookie, opened, tell
from tests.security.routes import ANYBODY
from tests.security.world import make_world
from tgstaff.asgi import application

pytestmark = pytest.mark.django_db(transaction=True)

HOME = "http://localhost"
# A foreign site, a look-alike, a page without an address, nonsense.
ELSEWHERE = ["https://evil.example", "http://localhost.evil.example", "null", "file://", "::"]


@pytest.fixture
def world(transactional_db):
    return make_world()


@pytest.fixture
def quick(settings):
    settings.PULSE_SECONDS = 0.1


# ---------------------------------------------------------------- the door


async def knock(origin: str | None, key: str = "", host: str = "localhost") -> str:
    """What the product's own application says first: accept or close."""
    headers = [(b"host", host.encode()), (b"cookie", f"sessionid={key}".encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    scope = {"type": "websocket", "path": "/ws/app/", "query_string": b"", "headers": headers}
    communicator = ApplicationCommunicator(application, scope)
    await communicator.send_input({"type": "websocket.connect"})
    answer = await communicator.receive_output(PATIENCE)
    await communicator.send_input({"type": "websocket.disconnect", "code": 1001})
    await communicator.wait(PATIENCE)
    return str(answer["type"]).removeprefix("websocket.")


@pytest.mark.parametrize("origin", ELSEWHERE)
async def test_another_sites_page_is_refused_even_with_the_persons_cookie(world, origin):
    key = await in_db(cookie, world.people["agent"])
    assert await knock(origin, key) == "close"


async def test_ones_own_page_is_let_in(world):
    key = await in_db(cookie, world.people["agent"])
    assert await knock(HOME, key) == "accept"


# ---------------------------------------------------------------- what may be followed


@pytest.mark.parametrize("role", sorted(ANYBODY - {"anonymous"}))
async def test_nobody_follows_or_types_into_a_foreign_project(world, quick, role):
    theirs = world.there.project.public_id
    asked = [theirs, world.there.agent.user.public_id, world.there.session.public_id]
    async with opened(world.people[role], socket=AppSocket, hub=Hub()) as page:
        await page.hello(*asked)
        for stream in asked:
            await page.frame("refused", code="no_access", stream=str(stream))
        await page.say("typing", stream=str(theirs), session=str(world.there.session.public_id))
        await page.say("ack", heads={str(theirs): 10**6})
        await tell(theirs, world.there.canary)
        await pulses(page, 3)
        assert world.there.canary not in json.dumps(page.frames)
        assert page.items() == []


async def pulses(page, count: int) -> None:
    """Read on until that many pulses have come: whatever was due has come before them."""
    seen = sum(frame["type"] == "pulse" for frame in page.frames)
    await page.until(lambda: sum(f["type"] == "pulse" for f in page.frames) >= seen + count)


# ---------------------------------------------------------------- what ends


def remove(agent, key):
    projects.remove_agent(agent=agent, actor=None)


def disable_agent(agent, key):
    projects.change_agent(agent=agent, is_enabled=False, actor=None)


def disable_membership(agent, key):
    membership = agent.user.memberships.get()
    accounts.change_member(membership=membership, is_enabled=False, actor=None)


def archive(agent, key):
    projects.archive_project(project=agent.project, actor=None)


def disable_account(agent, key):
    accounts.set_enabled(user=agent.user, is_enabled=False, actor=None)


def change_password(agent, key):
    accounts.change_password(user=agent.user, password="quite another one 7")


def sign_out(agent, key):
    browser = Client()
    browser.cookies["sessionid"] = key
    browser.post("/sign-out/")


@pytest.mark.parametrize("ending", [remove, disable_agent, disable_membership, archive])
async def test_who_loses_a_project_hears_no_more_of_it(world, quick, ending):
    agent, stream = world.beside.agent, world.beside.project.public_id
    async with opened(agent.user, socket=AppSocket, hub=Hub()) as page:
        await page.hello(stream)
        await tell(stream, "before")
        await page.until_text("before")
        await in_db(ending, agent, "")
        await tell(stream, "after")  # at once: no time to be told first
        await page.frame("refused", code="no_access", stream=str(stream))
        await pulses(page, 3)
        assert "after" not in page.texts()


@pytest.mark.parametrize("ending", [disable_account, change_password, sign_out])
async def test_who_is_signed_in_no_more_is_sent_away(world, quick, ending):
    agent, stream = world.beside.agent, world.beside.project.public_id
    key = await in_db(cookie, agent.user)
    async with opened(agent.user, socket=AppSocket, hub=Hub(), key=key) as page:
        await page.hello(stream)
        await tell(stream, "before")
        await page.until_text("before")
        await in_db(ending, agent, key)
        assert await page.bye() == ("signed_out", 4401)
        await tell(stream, "after")
        assert "after" not in page.texts()
