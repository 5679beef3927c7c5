"""sessions_app.sockets: an open page is a lease."""

import asyncio
from datetime import timedelta

import pytest

from core import clock
from core.aio import in_db
from live.sockets.hub import Hub
from projects.models import Agent
from routing.models import Lease
from routing.queries import presence
from sessions_app.sockets import AppSocket
from tests.factories import make_agent, make_project
from tests.live.pages import opened
from tests.support import waiting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(transactional_db) -> Agent:
    return make_agent(make_project(), "Alice")


def state(agent: Agent) -> str:
    return presence([agent.user_id])[agent.user_id].state


def seconds_left() -> float:
    (lease,) = Lease.objects.all()
    return (lease.expires_at - clock.now()).total_seconds()


async def until(agent: Agent, wanted: str) -> None:
    await in_db(waiting.until, lambda: state(agent) == wanted)


async def test_a_page_that_opens_makes_its_user_online(alice):
    async with opened(alice.user, socket=AppSocket, hub=Hub()):
        await until(alice, "online")
        assert 85 < await in_db(seconds_left) <= 90


async def test_a_beat_says_that_the_page_is_hidden(alice):
    async with opened(alice.user, socket=AppSocket, hub=Hub()) as page:
        await page.hello(alice.project.public_id)
        flags = {"visible": False, "focused": False, "sound": True, "push": False}
        await page.say("beat", notify="granted", **flags)
        await until(alice, "hidden")
        lease = await in_db(Lease.objects.get)
        assert (lease.notify, lease.sound) == ("granted", True)


async def test_a_page_that_closes_leaves_its_user_fifteen_seconds(alice):
    async with opened(alice.user, socket=AppSocket, hub=Hub()):
        await until(alice, "online")
    assert 10 < await in_db(seconds_left) <= 15
    assert await in_db(state, alice) == "online"


async def test_the_end_of_the_server_leaves_the_lease_alone(alice):
    """Daphne cancels what still runs when it ends."""
    with pytest.raises(asyncio.CancelledError):
        async with opened(alice.user, socket=AppSocket, hub=Hub()) as page:
            await until(alice, "online")
            page.communicator.future.cancel()
            await asyncio.wait([page.communicator.future])
    assert await in_db(seconds_left) > 80


async def test_two_tabs_are_two_leases(alice):
    async with opened(alice.user, socket=AppSocket, hub=Hub()):
        async with opened(alice.user, socket=AppSocket, hub=Hub()):
            await until(alice, "online")
        await in_db(end_closed_leases)
        assert await in_db(state, alice) == "online"


def end_closed_leases() -> None:
    """Of the tab that is gone."""
    soon = clock.now() + timedelta(seconds=30)
    assert Lease.objects.filter(expires_at__lt=soon).delete()[0] == 1


async def test_nobody_is_online_by_a_page_without_sign_in(alice):
    async with opened(None, socket=AppSocket, hub=Hub()) as page:
        assert await page.bye() == ("signed_out", 4401)
    assert not await in_db(Lease.objects.exists)
