"""The admin: whatever is written goes through actions, and what is refused is said in the form."""

import logging
import re

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Company, Membership, User
from bots.models import Bot
from live.models import Event
from projects.models import Agent, Project
from routing.models import Pool
from sessions_app.models import Assignment, ChatSession
from tests.factories import (
    make_agent,
    make_bot,
    make_company,
    make_lease,
    make_member,
    make_project,
    make_session,
    make_user,
)
from tests.support.telegram import BOT_ID, TOKEN

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"
SECRET = TOKEN.partition(":")[2]


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def owner(project):
    return make_member(project.company, role="owner").user


@pytest.fixture
def staff():
    return User.objects.create_superuser("root@example.org", name="Root")


def browser(user):
    client = Client()
    client.force_login(user, BACKEND)
    return client


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def add(user, model, /, **fields):
    return browser(user).post(address(model, "add"), fields)


def change(user, row, /, **fields):
    """Submit the change form as a browser does, with these fields others than they were."""
    client, path = browser(user), address(type(row), "change", row.pk)
    form = client.get(path).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in sent.items() if value not in (None, False)}
    return client.post(path, sent | fields)


def act(user, name, *rows, **more):
    client = browser(user)
    fields = {"action": name, "_selected_action": [row.pk for row in rows], **more}
    answer = client.post(address(type(rows[0]), "changelist"), fields)
    return answer, [str(message) for message in get_messages(answer.wsgi_request)]


def problems(answer):
    assert answer.status_code == 200
    return str(answer.context["adminform"].form.errors)


def verbs():
    return list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))


# ---------------------------------------------------------------- people and companies


def test_staff_founds_a_company_and_its_manager_renames_it(staff):
    assert add(staff, Company, name="Acme").status_code == 302
    company = Company.objects.get()
    owner = make_member(company, role="owner").user
    assert change(owner, company, name="Acme Ltd").status_code == 302
    company.refresh_from_db()
    assert company.name == "Acme Ltd"
    assert verbs() == ["company.created", "company.renamed"]


def test_managers_found_no_companies_and_change_no_people(owner):
    client = browser(owner)
    assert client.post(address(Company, "add"), {"name": "Globex"}).status_code == 403
    assert client.post(address(User, "add"), {"email": "a@b.example"}).status_code == 403
    path = address(User, "change", owner.pk)
    assert client.post(path, {"name": "Other", "is_superuser": "on"}).status_code == 403
    owner.refresh_from_db()
    assert (owner.name, owner.is_superuser) == ("Owner", False)


def test_staff_disables_a_person_and_the_persons_pages_are_told(staff):
    lena = make_user("Lena")
    path = address(User, "change", lena.pk)
    assert browser(staff).post(path, {"name": "Lena"}).status_code == 302
    lena.refresh_from_db()
    assert not lena.is_active
    assert Event.objects.get(stream=lena.public_id).kind == "access.changed"


def test_a_person_cannot_be_made_staff_or_given_a_password_here(staff):
    lena = make_user("Lena", password="kept as it was")
    sent = {
        "name": "Lena",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "password": "mine now",
        "email": "other@example.org",
    }
    browser(staff).post(address(User, "change", lena.pk), sent)
    lena.refresh_from_db()
    assert (lena.is_staff, lena.is_superuser) == (False, False)
    assert lena.check_password("kept as it was")


def test_a_new_member_gets_a_link_that_is_shown_once(owner, project):
    client = browser(owner)
    fields = {
        "company": project.company.pk,
        "email": "Ivan@acme.example",
        "name": "Ivan",
        "role": "agent",
    }
    page = client.post(address(Membership, "add"), fields, follow=True).content.decode()
    path = re.search(r"/welcome/[0-9a-f-]+/[^/\s]+/", page)
    assert path
    assert Client().get(path[0]).status_code == 200
    assert "/welcome/" not in client.get(address(Membership, "changelist")).content.decode()
    assert Membership.objects.get(user__email="ivan@acme.example").role == "agent"
    assert "mem" in verbs()[0]


def test_somebody_known_becomes_a_member_without_a_link(owner, project):
    make_user("Lena", email="lena@acme.example", password="kept as it was")
    fields = {
        "company": project.company.pk,
        "email": "lena@acme.example",
        "name": "X",
        "role": "agent",
    }
    page = browser(owner).post(address(Membership, "add"), fields, follow=True).content.decode()
    assert "/welcome/" not in page
    assert Membership.objects.get(user__email="lena@acme.example").user.name == "Lena"


def test_a_manager_makes_no_owner_and_reads_why(owner, project):
    manager = make_member(project.company, role="manager").user
    fields = {
        "company": project.company.pk,
        "email": "x@acme.example",
        "name": "X",
        "role": "owner",
    }
    assert "Only an owner" in problems(add(manager, Membership, **fields))
    assert not User.objects.filter(email="x@acme.example").exists()
    own = Membership.objects.get(user=manager)
    assert "Only an owner" in problems(change(manager, own, role="owner"))


def test_the_last_owner_stays(owner):
    membership = Membership.objects.get(user=owner)
    assert "keeps at least one" in problems(change(owner, membership, role="agent"))
    membership.refresh_from_db()
    assert membership.role == "owner"


# ---------------------------------------------------------------- projects, team, rules


def test_a_project_is_made_and_changed(owner, project):
    fields = {
        "company": project.company.pk,
        "name": "Sales",
        "time_zone": "Europe/Berlin",
        "language": "en",
        "open_with": "start",
        "uncertain_policy": "hold",
        "send_within_s": 60,
    }
    assert add(owner, Project, **fields).status_code == 302
    made = Project.objects.get(name="Sales")
    assert made.state == "draft"
    assert change(owner, made, remark="for big ones").status_code == 302
    made.refresh_from_db()
    assert made.remark == "for big ones"
    assert verbs() == ["project.created", "project.changed"]
    assert "no such time zone" in problems(change(owner, made, time_zone="Mars/Olympus"))


def test_an_agent_is_added_changed_and_removed(owner, project):
    lena = make_member(project.company, make_user("Lena")).user
    fields = {"project": project.pk, "user": lena.pk, "may_reply": "on", "is_enabled": "on"}
    assert add(owner, Agent, **fields).status_code == 302
    assert "already" in problems(add(owner, Agent, **fields))
    agent = Agent.objects.get()
    assert change(owner, agent, session_limit=3).status_code == 302
    agent.refresh_from_db()
    assert (agent.session_limit, agent.may_reply) == (3, True)
    act(owner, "remove", agent)
    agent.refresh_from_db()
    assert agent.removed_at
    assert verbs() == ["agent.added", "agent.changed", "agent.removed"]


def test_rules_change_with_the_list_of_agents(owner, project):
    lena, _ = make_agent(project, "Lena"), make_agent(project, "Ivan")
    stranger = make_agent(make_project(make_company("Globex")))
    pool = Pool.objects.get(project=project)
    fields = {"scope": "specified", "mode": "online_first"}
    assert change(owner, pool, **fields, specified=[lena.pk]).status_code == 302
    pool.refresh_from_db()
    assert (pool.scope, pool.mode, list(pool.specified.all())) == (
        "specified",
        "online_first",
        [lena],
    )
    assert verbs() == ["rules.changed"]
    assert "Select a valid choice" in problems(change(owner, pool, specified=[stranger.pk]))


def test_rules_that_somebody_has_changed_meanwhile_are_not_overwritten(owner, project):
    pool = Pool.objects.get(project=project)
    seen = pool.version
    assert change(owner, pool, mode="online_first").status_code == 302
    answer = change(owner, pool, mode="round_robin", seen=seen)
    assert "saved these rules while you had them open: mode: Online-First" in problems(answer)
    pool.refresh_from_db()
    assert (pool.mode, pool.version) == ("online_first", seen + 1)
    assert change(owner, pool).status_code == 302  # nothing changed, nothing saved
    pool.refresh_from_db()
    assert pool.version == seen + 1


def test_a_project_is_archived_and_never_deleted(owner, project):
    act(owner, "archive", project)
    project.refresh_from_db()
    assert project.archived_at
    answer, _ = act(owner, "delete_selected", project)
    assert answer.status_code == 302
    assert browser(owner).post(address(Project, "delete", project.pk)).status_code == 403
    assert Project.objects.filter(pk=project.pk).exists()


# ---------------------------------------------------------------- the bot and its token


@pytest.fixture
def telegram(telegram):
    telegram.add_bot()
    return telegram


def test_a_bot_is_connected_and_its_token_is_on_no_page(owner, project, telegram, caplog):
    caplog.set_level(logging.DEBUG)
    Project.objects.filter(pk=project.pk).update(state="draft")
    client = browser(owner)
    fields = {"project": project.pk, "new_token": TOKEN}
    pages = [client.post(address(Bot, "add"), fields, follow=True).content.decode()]
    bot = Bot.objects.get()
    assert (bot.telegram_id, bot.token) == (BOT_ID, TOKEN)
    for page in ("change", "history"):
        pages.append(client.get(address(Bot, page, bot.pk)).content.decode())
    pages.append(client.get(address(Bot, "changelist")).content.decode())
    project.refresh_from_db()
    assert project.state == "active"
    assert not [page for page in pages if SECRET in page or bot_ciphertext(bot) in page]
    assert SECRET not in caplog.text


def bot_ciphertext(bot):
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM bots_bot WHERE id = %s", [bot.pk])
        return cursor.fetchone()[0]


def test_a_refused_token_is_not_repeated_in_the_form(owner, project, telegram):
    wrong = TOKEN[:-3] + "zzz"
    answer = add(owner, Bot, project=project.pk, new_token=wrong)
    assert "BotFather" in problems(answer)
    assert wrong.partition(":")[2] not in answer.content.decode()
    assert not Bot.objects.exists()


def test_a_fault_while_connecting_leaves_no_token_in_the_log(
    owner, project, telegram, caplog, monkeypatch
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("bots.wire.result_of", lambda *answer: 1 / 0)
    client = browser(owner)
    client.raise_request_exception = False
    fields = {"project": project.pk, "new_token": TOKEN}
    answer = client.post(address(Bot, "add"), fields)
    assert answer.status_code == 500
    assert "ZeroDivisionError" in caplog.text
    assert SECRET not in caplog.text + answer.content.decode()


def test_pausing_and_resuming_is_by_the_bot(owner, project):
    bot = make_bot(project)
    act(owner, "pause", bot)
    project.refresh_from_db()
    assert project.state == "paused"
    act(owner, "resume", bot)
    project.refresh_from_db()
    assert project.state == "active"


# ---------------------------------------------------------------- sessions


@pytest.fixture
def lena(project):
    agent = make_agent(project, "Lena")
    make_lease(agent.user)
    return agent


def test_waiting_sessions_are_assigned_through_the_gate(owner, project, lena):
    sessions = [make_session(project), make_session(project)]
    asked, _ = act(owner, "assign", *sessions)
    assert "Lena" in asked.content.decode()
    _, told = act(owner, "assign", *sessions, agent=lena.pk)
    assert told == ["2 assigned."]
    for session in sessions:
        session.refresh_from_db()
        assert session.owner == lena
    assert Assignment.objects.filter(reason="given", by=owner).count() == 2


def test_sessions_are_put_back_and_completed(owner, project, lena):
    one, other = make_session(project, owner=lena), make_session(project, owner=lena)
    assert act(owner, "release", one)[1] == ["1 put back in line."]
    assert act(owner, "complete", other)[1] == ["1 completed."]
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.state, one.owner, other.state) == ("unassigned", None, "completed")


def test_what_the_gate_refuses_is_told(owner, project, lena):
    session = make_session(project, owner=lena, state=ChatSession.State.ASSIGNED)
    act(owner, "complete", session)
    _, told = act(owner, "release", session)
    assert "completed" in told[0]


def test_sessions_of_two_projects_are_not_assigned_at_once(owner, project, lena):
    second = make_project(project.company, "Second")
    asked, _ = act(owner, "assign", make_session(project), make_session(second), agent=lena.pk)
    assert "one project" in asked.content.decode()
    assert not Assignment.objects.exists()


def test_a_foreign_session_is_not_acted_on(owner):
    foreign = make_project(make_company("Globex"))
    agent = make_agent(foreign)
    session = make_session(foreign)
    for name in ("assign", "release", "complete"):
        act(owner, name, session, agent=agent.pk)
    session.refresh_from_db()
    assert session.state == "unassigned"


def test_owners_messages_and_records_cannot_be_written(owner, project, lena):
    session = make_session(project, owner=lena)
    client = browser(owner)
    for row in (session, session.customer, session.assignments.get()):
        path = address(type(row), "change", row.pk)
        assert client.post(path, {"owner": "", "state": "completed"}).status_code == 403
        assert client.post(address(type(row), "add"), {}).status_code == 403
    session.refresh_from_db()
    assert session.owner == lena
