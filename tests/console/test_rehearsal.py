"""Rehearsal on the rules page: who is next and why, and what other rules would mean now."""

import pytest

from accounts.models import AuditEntry, Membership
from projects.models import Agent, Project
from routing.models import Pool, Turn
from tests.factories import (
    make_agent,
    make_bot,
    make_company,
    make_member,
    make_project,
    make_session,
    make_sessions,
    make_user,
)
from tests.support.api import browser
from tests.support.rules import address, press, specify, text_of
from tests.support.team import come_online, go_away, off_hours, route, vanish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project():
    project = make_project(make_company("Acme"), name="Help")
    make_bot(project)
    return project


@pytest.fixture
def client(project):
    return browser(make_member(project.company, role="manager").user)


@pytest.fixture
def trio(project):
    agents = [make_agent(project, name) for name in ("Alice", "Bob", "Cleo")]
    come_online(*agents)
    return agents


def now_of(client, project):
    return text_of(client.get(f"{address(project)}now/"))


# ---------------------------------------------------------------- who would get one now


def test_it_says_whose_turn_it_is_and_after_whom(client, project, trio):
    assert "Alice Nobody was served yet" in now_of(client, project)
    make_sessions(project, 1)
    route(project)
    assert "Bob Round-Robin: Alice was served last" in now_of(client, project)
    vanish(trio[1], trio[2])
    assert "Alice Nobody else can receive." in now_of(client, project)


def test_it_says_who_has_the_fewest_and_who_was_served_longest_ago(client, project, trio):
    Pool.objects.update(mode="online_first")
    make_session(project, owner=trio[0])
    assert "Bob Online-First: as few open sessions as Cleo (0 open sessions)" in now_of(
        client, project
    )
    make_session(project, owner=trio[1])
    assert "Cleo Online-First: the fewest open sessions (0 open sessions)" in now_of(
        client, project
    )
    make_session(project, owner=trio[2])
    for turn, agent in enumerate(trio, start=1):
        Turn.objects.create(pool=Pool.objects.get(), agent=agent, number=turn)
    assert "as Bob, Cleo (1 open session), and served longest ago" in now_of(client, project)
    Pool.objects.update(ties="random")
    assert "Alice or Bob or Cleo Online-First: the fewest" in now_of(client, project)


def test_nobody_is_next_and_it_says_how_many_wait(client, project):
    agent = make_agent(project, "Alice")
    make_sessions(project, 2)
    assert "Nobody Nobody can receive. It would wait in the line, behind 2 others." in now_of(
        client, project
    )
    assert "has never been here" in now_of(client, project)
    assert "Has no password yet" in now_of(client, project)
    agent.user.set_password("a long way home")
    agent.user.save()
    assert "They open the session page" in now_of(client, project)


@pytest.mark.parametrize(
    ("state", "said"),
    [("paused", "Resume it under Today"), ("bot_invalid", "See the bot")],
)
def test_where_nothing_is_routed_it_says_why_and_what_helps(client, project, trio, state, said):
    Project.objects.update(state=state)
    page = now_of(client, project)
    assert said in page
    assert "It would wait in the line until somebody can." in page


def test_an_empty_team_leads_to_the_team(client, project):
    answer = client.get(f"{address(project)}now/")
    assert "The team has no agents yet." in text_of(answer)
    assert f"/console/projects/{project.public_id}/team/" in answer.content.decode()


def test_each_rule_that_is_not_met_has_a_fix(client, project, trio):
    alice, bob, cleo = trio
    Agent.objects.filter(pk=alice.pk).update(session_limit=1, may_reply=False)
    make_session(project, owner=alice)
    go_away(bob)
    off_hours(bob)
    Agent.objects.filter(pk=cleo.pk).update(is_enabled=False)
    answer = client.get(f"{address(project)}now/")
    page, source = text_of(answer), answer.content.decode()
    assert "Let them reply ? · Raise the limit ?" in page
    assert "They press Go online themselves ? · Change their hours ?" in page
    assert "Enable them on this team" in page
    for agent in (alice, cleo):
        assert f'href="/console/agents/{agent.public_id}/"' in source
    assert f'href="/console/agents/{bob.public_id}/#hours"' in source


def test_who_is_barred_by_the_rules_is_led_to_the_rule(client, project, trio):
    pool = Pool.objects.get()
    Pool.objects.update(scope="specified", hidden_pages_receive=False)
    pool.specified.set(trio[:1])
    vanish(trio[0])
    come_online(trio[0], visible=False)
    source = client.get(f"{address(project)}now/").content.decode()
    assert '<a href="#id_hidden_pages_receive">Let hidden pages receive</a>' in source
    assert source.count('<a href="#who">Put them on the list</a>') == 2
    page = client.get(address(project)).content.decode()
    assert 'id="who"' in page
    assert 'id="id_hidden_pages_receive"' in page


def test_what_only_others_can_mend_has_no_link(client, project, trio):
    Membership.objects.filter(user=trio[0].user).update(is_enabled=False)
    trio[1].user.is_active = False
    trio[1].user.save()
    source = client.get(f"{address(project)}now/").content.decode()
    assert '<a href="/admin/accounts/membership/">Enable the membership</a>' in source
    assert "Whoever runs the installation enables the account" in source


def test_a_list_of_agents_who_have_left_is_named(client, project, trio):
    pool = Pool.objects.get()
    Pool.objects.update(scope="specified")
    pool.specified.set(trio[:1])
    client.post(f"/console/agents/{trio[0].public_id}/remove/")
    page = now_of(client, project)
    assert "Specified Agents is chosen, and the list is empty." in page
    assert "Choose agents" in page


# ---------------------------------------------------------------- before saving


def meaning_of(answer):
    assert answer.status_code == 200
    return answer.context.get("meaning")


def test_it_tells_what_changed_rules_would_mean_and_saves_nothing(client, project, trio):
    answer = press(client, project, "rehearse", **specify(*trio[1:]))
    meaning = meaning_of(answer)
    assert (meaning["next_before"], meaning["next"]) == (["Alice"], ["Bob"])
    assert meaning["lost"] == [("Alice", "not in the scope")]
    page = text_of(answer)
    assert "With your changes: a new session would go to Bob." in page
    assert "No longer able to receive: Alice (not in the scope)" in page
    assert Pool.objects.get().scope == "all"
    assert not AuditEntry.objects.exists()
    # the form still has what was filled in, and saves it
    form = answer.context["form"]
    assert form["scope"].value() == "specified"
    assert press(client, project, "save", page=answer, **specify(*trio[1:])).status_code == 302
    assert Pool.objects.get().scope == "specified"


def test_it_tells_who_could_receive_then(client, project, trio):
    vanish(trio[0])
    come_online(trio[0], visible=False)
    Pool.objects.update(hidden_pages_receive=False)
    meaning = meaning_of(press(client, project, "rehearse"))
    assert (meaning["gained"], meaning["next"]) == (["Alice"], ["Alice"])


def test_the_page_asks_while_it_is_filled_in_and_gets_that_part_alone(client, project, trio):
    answer = press(client, project, "look", mode="online_first")
    page = answer.content.decode()
    assert "<html" not in page
    assert "With your changes" in page
    assert "Nothing is changed" in press(client, project, "look").content.decode()
    wrong = press(client, project, "look", scope="specified")
    assert "cannot be saved: Choose at least one agent, or All Agents." in text_of(wrong)
    assert Pool.objects.get().version == 1


def test_rules_that_leave_nobody_are_saved_only_when_that_is_confirmed(client, project, trio):
    vanish(trio[2])
    make_session(project)
    chosen = specify(trio[2])
    seen = press(client, project, "rehearse", **chosen)
    assert meaning_of(seen)["is_stop"]
    assert "Stop: by these rules nobody could receive" in text_of(seen)
    assert 'value="confirm"' not in seen.content.decode()

    answer = press(client, project, "save", page=seen, **chosen)
    assert Pool.objects.get().scope == "all"
    page = text_of(answer)
    assert "Not saved" in page
    assert "Alice: not in the scope · Bob: not in the scope · Cleo: offline since" in page
    assert "behind 1 that waits already" in page
    assert "Save all the same: sessions wait" in page

    assert press(client, project, "confirm", page=answer, **chosen).status_code == 302
    assert Pool.objects.get().scope == "specified"


def test_rules_that_change_nothing_for_anybody_need_no_confirmation_at_night(client, project):
    make_agent(project, "Alice")
    answer = press(client, project, "rehearse", mode="online_first")
    assert not meaning_of(answer)["is_stop"]
    assert "Nobody can receive." in text_of(answer)
    assert press(client, project, "save", mode="online_first").status_code == 302


def test_who_comes_online_in_between_makes_the_confirmation_needless(client, project, trio):
    vanish(trio[2])
    answer = press(client, project, "save", **specify(trio[2]))
    assert meaning_of(answer)["is_stop"]
    come_online(trio[2])
    assert press(client, project, "save", page=answer, **specify(trio[2])).status_code == 302


def test_a_confirmation_passes_no_change_of_another_manager(client, project, trio):
    marek = browser(make_member(project.company, make_user("Marek"), role="manager").user)
    seen = client.get(address(project))
    assert press(marek, project, "save", mode="online_first").status_code == 302
    vanish(trio[2])
    answer = press(client, project, "confirm", page=seen, **specify(trio[2]))
    assert "Marek saved these rules while you had them open" in answer.content.decode()
    assert Pool.objects.get().scope == "all"
    assert 'value="confirm"' not in answer.content.decode()
