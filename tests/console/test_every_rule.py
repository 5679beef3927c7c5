"""Rule by rule: a session waits because of it, is told so, and what helps helps."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.models import Membership
from core import clock
from projects.actions import set_state
from routing.actions import change_rules
from sessions_app.actions import ownership
from sessions_app.console import rehearsal, words
from sessions_app.queries.guide import guide, of_rule
from tests.factories import (
    make_agent,
    make_bot,
    make_company,
    make_link,
    make_member,
    make_project,
    make_session,
)
from tests.support import api
from tests.support.rules import address, press, specify
from tests.support.team import come_online, go_away, off_hours, owners, route, vanish, why

pytestmark = pytest.mark.django_db(transaction=True)

RIGHTS = {"may_reply": "on", "may_transfer": "on", "may_complete": "on", "is_enabled": "on"}


class World:
    """Alice is there, and what waits would be hers but for one rule."""

    def __init__(self, shift_clock):
        self.shift_clock = shift_clock
        self.project = make_project(make_company("Acme"), name="Help")
        make_bot(self.project)
        self.boss = make_member(self.project.company, role="owner").user
        self.client = api.browser(self.boss)
        self.alice = make_agent(self.project, "Alice")
        come_online(self.alice)
        self.session = None

    def opens(self, **fields):
        self.session = make_session(self.project, **fields)
        route(self.project)
        return self.session

    def saves(self, **sent):
        page = f"/console/agents/{self.alice.public_id}/"
        given = {name: value for name, value in (RIGHTS | sent).items() if value is not None}
        assert self.client.post(page, given).status_code == 302

    def presses(self, **sent):
        assert press(self.client, self.project, "save", **sent).status_code == 302

    def claims(self):
        api.ok(
            api.post(self.alice.user, f"sessions/{self.session.public_id}/claim", key=str(uuid4()))
        )


# ---------------------------------------------------------------- what is in the way


def has_right_less(world, **rights):
    type(world.alice).objects.filter(pk=world.alice.pk).update(**rights)


def lost_membership(world):
    Membership.objects.filter(user=world.alice.user).delete()


def lists(world, *agents):
    change_rules(pool=world.project.pool, actor=None, scope="specified", specified=agents)


def is_on_no_list(world):
    lists(world, make_agent(world.project, "Bob"))


def hides(world):
    world.presses(hidden_pages_receive=None)
    vanish(world.alice)
    come_online(world.alice, visible=False)


def has_enough(world):
    has_right_less(world, session_limit=1)
    make_session(world.project, owner=world.alice)


def comes_by_a_link_of_others(world):
    link = make_link(world.project)
    link.agents.add(make_agent(world.project, "Bob"))
    world.opens(link=link, own_until=clock.now() + timedelta(seconds=60))


def was_put_back(world):
    ownership.put_back(session=world.opens(), actor=world.boss)
    route(world.project)


# ---------------------------------------------------------------- what helps


def joins_again(world):
    given = {
        "company": world.project.company_id,
        "email": world.alice.user.email,
        "name": "Alice",
        "role": "agent",
    }
    answer = world.client.post(reverse("admin:accounts_membership_add"), given)
    assert answer.status_code == 302, answer.content.decode()[-2000:]


RULES = {
    "away": (
        lambda world: go_away(world.alice),
        lambda world: api.ok(api.post(world.alice.user, "presence", status="online")),
    ),
    "offline": (lambda world: vanish(world.alice), lambda world: come_online(world.alice)),
    "page_hidden": (hides, lambda world: world.presses(hidden_pages_receive="on")),
    "not_in_scope": (is_on_no_list, lambda world: world.presses(**specify(world.alice))),
    "not_in_link_list": (comes_by_a_link_of_others, lambda world: world.shift_clock(61)),
    "off_hours": (
        lambda world: off_hours(world.alice),
        lambda world: world.client.post(f"/console/agents/{world.alice.public_id}/hours/", {}),
    ),
    "at_limit": (has_enough, lambda world: world.saves(session_limit="2")),
    "no_reply_right": (
        lambda world: has_right_less(world, may_reply=False),
        lambda world: world.saves(),
    ),
    "disabled": (
        lambda world: has_right_less(world, is_enabled=False),
        lambda world: world.saves(),
    ),
    "not_member": (lost_membership, joins_again),
    "already_had_it": (was_put_back, World.claims),
}


def team_anew(world):
    world.client.post(f"/console/agents/{world.alice.public_id}/remove/")


def takes_alice_on(world):
    given = {"email": world.alice.user.email, "name": "Alice"}
    world.client.post(f"/console/projects/{world.project.public_id}/team/", given)


def empties_the_list(world):
    lists(world)


def waits_too_long(world):
    vanish(world.alice)
    world.opens()
    world.shift_clock(8 * 86_400)
    come_online(world.alice)
    route(world.project)


# `bot_invalid` is mended by a token that Telegram takes: tests/console/test_bot.py.
PROJECT_RULES = {
    "no_agents": (team_anew, takes_alice_on),
    "scope_empty": (empties_the_list, lambda world: world.presses(scope="all")),
    "project_paused": (
        lambda world: set_state(project=world.project, state="paused"),
        lambda world: world.client.post(f"/console/projects/{world.project.public_id}/resume/"),
    ),
    "too_old": (waits_too_long, lambda world: world.presses(too_old_days="30")),
}


@pytest.fixture
def world(shift_clock):
    return World(shift_clock)


@pytest.mark.parametrize("code", RULES)
def test_each_rule_of_an_agent_is_told_and_can_be_mended(world, code):
    in_the_way, helps = RULES[code]
    in_the_way(world)
    session = world.session or world.opens()
    assert owners([session]) == [None]
    assert why(session)["Alice"] == [code]

    seen = api.ok(api.get(world.boss, f"sessions/{session.public_id}"))["why"]
    (verdict,) = [one for one in seen["verdicts"] if one["name"] == "Alice"]
    assert [one["code"] for one in verdict["codes"]] == [code]
    zone = ZoneInfo(world.project.time_zone)
    assert words.reason(verdict["codes"][0], clock.now(), zone) != code
    if code not in {"already_had_it", "not_in_link_list"}:  # of one session, not of the agent
        page = world.client.get(f"{address(world.project)}now/").content.decode()
        (fix,) = rehearsal.of_agent(world.alice, verdict["codes"])
        assert fix.text in page
        assert f'href="{of_rule(code)}"' in page
        if fix.address.startswith("/"):
            assert world.client.get(urlsplit(fix.address).path).status_code == 200

    helps(world)
    route(world.project)
    assert owners([session]) == ["Alice"]


@pytest.mark.parametrize("code", PROJECT_RULES)
def test_each_rule_of_a_project_is_told_and_can_be_mended(world, code):
    in_the_way, helps = PROJECT_RULES[code]
    in_the_way(world)
    session = world.session or world.opens()
    assert owners([session]) == [None]
    assert session.attempts.latest("pk").project_code == code
    assert words.project_reason(code) != code
    if code != "too_old":
        fix = rehearsal.of_project(code, world.project)
        page = world.client.get(f"{address(world.project)}now/").content.decode()
        assert f'href="{fix.address}"' in page
        assert f'href="{of_rule(code)}"' in page

    helps(world)
    come_online(world.alice)
    route(world.project)
    assert owners([session]) == ["Alice"]


def test_the_guide_has_a_section_on_each_code_that_is_documented():
    said = Path(settings.BASE_DIR, "docs", "routing.md").read_text()
    table = said.split("## Which rules bind whom")[0]
    codes = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    nobody = table.split("Nobody at all is asked:")[1].split(".")[0]
    codes |= set(re.findall(r"`(\w+)`", nobody))
    assert codes == {*RULES, *PROJECT_RULES, "bot_invalid"}
    anchors = [f"{reverse('sessions:guide_rules')}#{one.anchor}" for one in guide("rules").headings]
    assert sorted(anchors) == sorted(map(of_rule, codes))
