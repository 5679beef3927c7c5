"""A session knows by which redirect link its customer came."""

import pytest

from bots.models import OutboundCall
from core import clock
from core.errors import Refusal
from live.models import Event
from projects.actions import remove_agent
from redirects.actions import clicks
from redirects.capture import Visit
from redirects.models import Click, EarlyStart, Link
from routing.models import Pool
from sessions_app.actions import ownership, routing
from sessions_app.models import ChatSession, Message, RoutingAttempt
from tests.factories import make_agent, make_bot, make_lease, make_link, make_member
from tests.support import api
from tests.support.team import come_online
from tests.support.updates import Person, again, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot(project):
    return make_bot(project)


@pytest.fixture
def link(project):
    return make_link(project, name="Poster", campaign="spring")


def a_click(link):
    return clicks.NewClick(
        link_id=link.pk, at=clock.now(), visit=Visit(ip="203.0.113.7"), state=Link.State.ACTIVE
    )


def clicked(link):
    click = a_click(link)
    clicks.store([click])
    return click


def told(session):
    """What pages were told last of the session's link."""
    events = Event.objects.filter(kind="session.changed", payload__id=str(session.public_id))
    return events.latest("number").payload["link"]


def test_who_comes_by_a_link_opens_a_session_that_says_so(bot, link, alice):
    click, carol = clicked(link), Person(bot)
    take_in(bot, carol.starts(click.ticket))
    session = ChatSession.objects.get()
    assert (session.link, session.click.ticket) == (link, click.ticket)
    assert session.click.person == carol.id
    assert told(session) == {"name": "Poster", "campaign": "spring"}
    row = api.ok(api.get(alice.user, f"projects/{bot.project.public_id}/snapshot"))["mine"]
    assert [one["link"] for one in row] == [{"name": "Poster", "campaign": "spring"}]


def test_two_with_one_ticket_both_talk_and_both_carry_the_campaign(bot, link):
    click, carol, dave = clicked(link), Person(bot), Person(bot, "Dave")
    take_in(bot, carol.starts(click.ticket), dave.starts(click.ticket), dave.says("Me too"))
    first, second = ChatSession.objects.order_by("pk")
    assert (first.link, second.link) == (link, link)
    assert (first.click.person, second.click) == (carol.id, None)
    assert Message.objects.filter(text="Me too", session=second).exists()


@pytest.mark.parametrize("payload", ["", "promo", "x" * 22])
def test_who_comes_by_none_talks_all_the_same(bot, link, payload):
    take_in(bot, Person(bot).starts(payload), Person(bot).says("Hello"))
    assert [session.link for session in ChatSession.objects.all()] == [None, None]
    assert EarlyStart.objects.count() == (1 if len(payload) == 22 else 0)


def test_a_session_that_is_open_carries_what_brings_its_customer_again(bot, link, alice):
    carol = Person(bot)
    take_in(bot, carol.says("Hello"))
    click = clicked(link)
    take_in(bot, carol.starts(click.ticket))
    session = ChatSession.objects.get()
    assert (session.link, session.click.ticket) == (link, click.ticket)
    assert told(session) == {"name": "Poster", "campaign": "spring"}
    row = api.ok(api.get(alice.user, f"projects/{bot.project.public_id}/snapshot"))["mine"]
    assert [one["link"] for one in row] == [{"name": "Poster", "campaign": "spring"}]


def test_one_that_carries_something_keeps_that_and_the_click_its_person(bot, link, project):
    carol, first = Person(bot), clicked(link)
    take_in(bot, carol.starts(first.ticket))
    second = clicked(make_link(project, name="Card"))
    take_in(bot, carol.starts(second.ticket))
    assert ChatSession.objects.get().click.ticket == first.ticket
    assert Click.objects.get(ticket=second.ticket).person == carol.id


# ---------------------------------------------------------------- a START that opens nothing


@pytest.fixture
def quiet(project, bot):
    """Sessions of the project open at the first message."""
    project.open_with = "message"
    project.save()


def test_the_session_that_opens_later_carries_it(bot, link, quiet):
    link.greeting = "Hello from the poster"
    link.save()
    carol, click = Person(bot), clicked(link)
    take_in(bot, carol.starts(click.ticket))
    assert not ChatSession.objects.exists()
    assert Click.objects.get().person == carol.id
    take_in(bot, carol.says("Hello"))
    session = ChatSession.objects.get()
    assert (session.link, session.click.ticket) == (link, click.ticket)
    assert session.messages.get(kind="opened").data == {"link": "Poster"}
    assert session.messages.get(direction="out").text == "Hello from the poster"
    ChatSession.objects.update(state="completed", owner=None)
    take_in(bot, carol.says("Me again"))
    assert ChatSession.objects.latest("pk").link is None  # that one came by itself


def test_start_and_first_word_in_one_batch_are_no_different(bot, link, quiet):
    carol, click = Person(bot), clicked(link)
    take_in(bot, carol.starts(click.ticket), carol.says("Hello"))
    assert ChatSession.objects.get().click.ticket == click.ticket


def test_of_two_such_starts_the_later_one_brings_him(bot, link, quiet, project):
    carol, card = Person(bot), make_link(project, name="Card")
    take_in(bot, carol.starts(clicked(link).ticket), carol.starts(clicked(card).ticket))
    take_in(bot, carol.says("Hello"))
    assert ChatSession.objects.get().link == card


def test_its_own_agents_wait_for_the_later_session(bot, link, quiet, team):
    come_online(team[0])
    link.agents.set([team[1]])
    carol = Person(bot)
    take_in(bot, carol.starts(clicked(link).ticket))
    take_in(bot, carol.says("Hello"))
    assert owner(carol) is None
    assert ChatSession.objects.get().own_until is not None


@pytest.mark.parametrize("writes_first", [False, True])
def test_a_click_that_comes_later_finds_him(bot, link, quiet, writes_first):
    click, carol = a_click(link), Person(bot)
    take_in(bot, carol.starts(click.ticket))
    assert EarlyStart.objects.count() == 1
    if writes_first:
        take_in(bot, carol.says("Hello"))
        assert ChatSession.objects.get().link is None
    clicks.store([click])
    if not writes_first:
        take_in(bot, carol.says("Hello"))
    session = ChatSession.objects.get()
    assert (session.link, session.click.person) == (link, carol.id)
    assert told(session) == {"name": "Poster", "campaign": "spring"}


def test_somebody_elses_ticket_brings_the_campaign_alone(bot, link, quiet):
    click, carol, dave = clicked(link), Person(bot), Person(bot, "Dave")
    take_in(bot, carol.starts(click.ticket), dave.starts(click.ticket))
    take_in(bot, dave.says("Hello"))
    session = ChatSession.objects.get()
    assert (session.link, session.click) == (link, None)


def test_the_next_session_has_an_origin_of_its_own(bot, link, project):
    carol, click = Person(bot), clicked(link)
    take_in(bot, carol.starts(click.ticket))
    ChatSession.objects.update(state="completed", owner=None)
    other = make_link(project, name="Card")
    take_in(bot, carol.starts(clicked(other).ticket))
    assert ChatSession.objects.latest("pk").link == other


def test_a_start_that_is_earlier_than_its_click_is_joined_when_that_comes(bot, link):
    click, carol = a_click(link), Person(bot)
    take_in(bot, carol.starts(click.ticket))
    session = ChatSession.objects.get()
    assert (session.link, told(session)) == (None, None)
    clicks.store([click])
    session.refresh_from_db()
    assert (session.link, session.click.person) == (link, carol.id)
    assert told(session) == {"name": "Poster", "campaign": "spring"}


def test_a_visit_is_shown_to_agents_in_part_and_to_managers_whole(bot, link, alice):
    visit = Visit(
        ip="203.0.113.7",
        user_agent="Mozilla/5.0 (iPhone)",
        referrer="https://news.example/",
        params=[["platform", "<b>7</b>"]],
        utm={"source": "poster"},
    )
    click = clicks.NewClick(link_id=link.pk, at=clock.now(), visit=visit, state=Link.State.ACTIVE)
    clicks.store([click])
    carol, dave = Person(bot), Person(bot, "Dave")
    take_in(bot, carol.starts(click.ticket), dave.starts(click.ticket))
    first, second = ChatSession.objects.order_by("number")
    boss = make_member(bot.project.company, role="owner").user

    def seen_by(user, session):
        return api.ok(api.get(user, f"sessions/{session.public_id}"))["visit"]

    seen = seen_by(alice.user, first)
    assert seen.pop("at")
    assert seen == {"params": [["utm_source", "poster"], ["platform", "<b>7</b>"]]}
    whole = seen_by(boss, first)
    assert (whole["ip"], whole["browser"]) == ("203.0.113.7", "Mozilla/5.0 (iPhone)")
    assert whole["referrer"] == "https://news.example/"
    Click.objects.update(browser="Safari 18", system="iOS 18.5", device="", country="DE")
    read = seen_by(boss, first)
    assert (read["browser"], read["country"]) == ("Safari 18 · iOS 18.5", "DE")
    assert seen_by(boss, second) == {"at": None, "params": []}


def test_an_update_that_comes_again_changes_nothing(bot, link):
    click, carol = clicked(link), Person(bot)
    start = carol.starts(click.ticket)
    take_in(bot, start)
    take_in(bot, again(start))
    assert ChatSession.objects.get().click.ticket == click.ticket
    assert Click.objects.get().person == carol.id


def test_a_greeting_is_sent_and_is_nobodys_answer(bot, link):
    Link.objects.update(greeting="Hello from the poster")
    carol = Person(bot)
    take_in(bot, carol.starts(clicked(link).ticket), carol.says("Hi"))
    session = ChatSession.objects.get()
    said = session.messages.order_by("number").values_list("direction", "text", "delivery")
    assert [*said][1:] == [
        ("in", said[1][1], ""),
        ("in", "Hi", ""),
        ("out", "Hello from the poster", "queued"),
    ]
    call = OutboundCall.objects.get()
    assert call.params == {"chat_id": carol.id, "text": "Hello from the poster"}
    assert session.unanswered_since is not None
    assert session.messages.get(direction="out").author is None


# ---------------------------------------------------------------- a link's own agents


@pytest.fixture
def team(project):
    return [make_agent(project, name) for name in ("Ann", "Ben", "Cid")]


def come(bot, link):
    """Somebody comes by the link; to whom the session goes, by name."""
    carol = Person(bot)
    take_in(bot, carol.starts(clicked(link).ticket))
    return owner(carol)


def owner(person):
    session = ChatSession.objects.get(customer__telegram_id=person.id)
    return session.owner.user.name if session.owner else None


def test_its_own_agents_get_its_sessions_and_nobody_elses_turn_is_spent(bot, link, team):
    come_online(*team)
    link.agents.set([team[2]])
    assert [come(bot, link) for _ in range(3)] == ["Cid"] * 3
    attempt = RoutingAttempt.objects.latest("pk")
    codes = {row["name"]: [code["code"] for code in row["codes"]] for row in attempt.verdicts}
    assert codes == {"Ann": ["not_in_link_list"], "Ben": ["not_in_link_list"], "Cid": []}
    assert attempt.scope == "link"


def test_they_get_it_though_the_projects_list_does_not_name_them(bot, link, team, project):
    come_online(*team)
    Pool.objects.update(scope="specified")
    project.pool.specified.set([team[0]])
    link.agents.set([team[1]])
    assert come(bot, link) == "Ben"
    take_in(bot, (dave := Person(bot)).says("I came by myself"))
    assert owner(dave) == "Ann"


def test_after_its_patience_the_projects_agents_get_it(bot, link, team, shift_clock):
    come_online(team[0])
    link.agents.set([team[1]])
    assert come(bot, link) is None
    shift_clock(59)
    make_lease(team[0].user)
    assert routing.route_project(project_id=bot.project_id, trigger="sweep") == 0
    shift_clock(2)
    assert routing.is_due(bot.project_id)
    assert routing.route_project(project_id=bot.project_id, trigger="sweep") == 1
    session = ChatSession.objects.get()
    assert (session.owner, session.own_until) == (team[0], None)


def test_within_it_one_of_them_who_comes_gets_it(bot, link, team, project):
    link.agents.set([team[1]])
    assert come(bot, link) is None
    come_online(*team)
    routing.route_project(project_id=project.pk, trigger="agent_online")
    assert ChatSession.objects.get().owner == team[1]


def test_a_link_whose_agents_have_left_has_none_of_its_own(bot, link, team):
    come_online(*team)
    link.agents.set([team[1]])
    remove_agent(agent=team[1], actor=None)
    assert come(bot, link) == "Ann"


def test_the_sweep_finds_what_waits_for_them_behind_others(bot, link, team, project):
    """The first in line waits for somebody else."""
    Pool.objects.update(scope="specified")
    project.pool.specified.set([team[0]])
    take_in(bot, Person(bot).says("First"))
    link.agents.set([team[1]])
    assert come(bot, link) is None
    assert not routing.is_due(project.pk)
    come_online(team[1])
    assert routing.is_due(project.pk)
    routing.route_project(project_id=project.pk, trigger="sweep")
    assert ChatSession.objects.get(owner=team[1]).link == link


def test_others_cannot_claim_it_meanwhile_and_a_manager_can_give_it(bot, link, team, project):
    come_online(team[0])
    link.agents.set([team[1]])
    come(bot, link)
    session = ChatSession.objects.get()
    with pytest.raises(Refusal) as refused:
        ownership.claim(session=session, actor=team[0].user)
    assert refused.value.data["codes"][0]["code"] == "not_in_link_list"
    boss = make_member(project.company, role="manager").user
    given = ownership.transfer(session=session, actor=boss, to=team[0])
    assert given.owner == team[0]
