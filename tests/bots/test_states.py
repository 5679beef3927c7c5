"""What a bot's state makes of its project, and whom it is told."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from bots.actions import bots
from bots.models import Bot
from live.models import Event
from projects.models import Project
from tests.factories import make_bot, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot():
    return make_bot(make_project())


def set_state(bot, state, error=""):
    bots.set_state(bot=bot, state=state, error=error)
    bot.refresh_from_db()
    return Project.objects.get(bot=bot).state


def shown(bot):
    """The bot's states as pages were told."""
    events = Event.objects.filter(stream=bot.project.public_id, kind="project.changed")
    return [event.payload["bot"]["state"] for event in events.order_by("number")]


def test_a_refused_token_stops_the_project_and_a_good_one_starts_it(bot):
    assert set_state(bot, "invalid", "Unauthorized") == "bot_invalid"
    assert (bot.state, bot.last_error) == ("invalid", "Unauthorized")
    assert set_state(bot, "ok") == "active"
    assert shown(bot)[-1] == "ok"


@pytest.mark.parametrize("state", ["paused", "draft"])
def test_a_project_that_does_not_route_keeps_its_state(bot, state):
    Project.objects.update(state=state)
    assert set_state(bot, "invalid") == state
    assert set_state(bot, "ok") == state


def test_a_conflict_is_shown_and_changes_no_project(bot):
    assert set_state(bot, "conflict", "another one reads") == "active"
    assert shown(bot) == ["conflict"]


def test_it_is_audited_and_told_when_it_changes_only(bot):
    for _ in range(3):
        set_state(bot, "conflict", "another one reads")
    assert AuditEntry.objects.filter(verb="bot.conflict").count() == 1
    assert shown(bot) == ["conflict"]


def test_what_an_old_token_has_shown_is_ignored(bot):
    stale = Bot.objects.get()
    Bot.objects.update(connected_at=bot.connected_at + timedelta(seconds=1))
    assert set_state(stale, "invalid") == "active"
    assert Bot.objects.get().state == "ok"
