"""Alarms in the console: the bar above every page, what is over, and who hears of it."""

import re
from html import unescape

import pytest

from accounts.models import AuditEntry
from core import clock
from insights.actions import alarms, mails
from insights.models import Alarm, AlarmMail, AlarmRules
from insights.queries.alarms import rules_of, wishes
from tests.factories import make_company, make_member, make_project, make_user
from tests.insights.looking import ago
from tests.insights.test_mails import end_it, raise_it
from tests.support.api import browser
from tests.support.mail_server import mail_server
from tests.support.servers import free_port

pytestmark = pytest.mark.django_db

PAGES = ["", "doctor/", "alarms/", "rules/", "team/", "bot/", "settings/"]


@pytest.fixture
def mia(project):
    return make_member(project.company, make_user("Mia", email="mia@example.org"), "manager").user


@pytest.fixture
def client(mia):
    return browser(mia)


@pytest.fixture
def server(settings):
    with mail_server(settings) as running:
        yield running


def path(project, part="alarms/"):
    return f"/console/projects/{project.public_id}/{part}"


def look(client, project, part="alarms/"):
    answer = client.get(path(project, part))
    assert answer.status_code == 200
    return unescape(re.sub(r"\s+", " ", answer.content.decode()))


def save(client, project, **sent):
    fields = {"nobody_min": "5", "bot_min": "2", "waiting_min": "10", "mailed": []} | sent
    return client.post(path(project), fields)


@pytest.mark.parametrize("part", [*PAGES, "alarms/bar/"])
def test_it_stands_above_every_page_of_its_project_while_it_lasts(client, project, lena, part):
    assert "Nobody can receive" not in look(client, project, "alarms/bar/")
    raise_it(project, lena)
    page = look(client, project, part)
    assert '<b>Nobody can receive</b> <span class="num">since ' in page
    assert "Lena: away since " in page
    assert '<a class="btn small" href="/app/">Who is away presses “Go online”.</a>' in page
    end_it(lena)
    assert 'class="lasting"' not in look(client, project, part)


def test_it_stands_above_no_other_project(client, project, lena):
    other = make_project(project.company, "Other")
    raise_it(project, lena)
    assert 'class="lasting"' not in look(client, other, "alarms/")


def test_what_is_over_is_kept_with_when_and_who_was_told(client, project, lena, server):
    raise_it(project, lena)
    mails.send_due()
    end_it(lena)
    mails.send_due()
    page = look(client, project, "alarms/now/")
    assert "Nothing is alarming." in page
    assert page.count("sent to mia@example.org at ") == 2
    assert "Lena: away since " in page


def test_a_mail_that_could_not_be_sent_is_shown_with_what_the_server_said(
    client, project, lena, server, settings
):
    settings.EMAIL_PORT = free_port()
    raise_it(project, lena)
    mails.send_due()
    assert "The mail could not be sent: [Errno 111] Connection refused" in look(client, project, "")
    page = look(client, project)
    assert "to Mia could not be sent: [Errno 111] Connection refused It is tried again." in (
        re.sub(r"<[^>]+>", "", page)
    )


def test_thresholds_and_mails_are_changed_and_noted(client, project, mia):
    assert save(client, project, nobody_min="", bot_min="3").status_code == 302
    rules = AlarmRules.objects.get()
    assert (rules.nobody_min, rules.bot_min, rules.waiting_min) == (None, 3, 10)
    assert [wish.is_mailed for wish in wishes(rules)] == [False]
    assert AuditEntry.objects.get().verb == "alarms.changed"
    save(client, project, mailed=[str(mia.public_id)])
    assert [wish.is_mailed for wish in wishes(rules)] == [True]


@pytest.mark.parametrize("value", ["0", "1441", "soon"])
def test_what_is_no_number_of_minutes_is_said(client, project, value):
    answer = save(client, project, bot_min=value)
    assert answer.status_code == 200
    assert "This is a whole number from 1 to 1440, or empty." in answer.content.decode()
    assert not AlarmRules.objects.exists()


def test_nobody_from_outside_can_be_put_on_the_list(client, project, lena):
    stranger = make_member(make_company("Other"), role="owner").user
    for user in (stranger, lena.user):
        answer = save(client, project, mailed=[str(user.public_id)])
        assert "Select a valid choice" in answer.content.decode()
    assert not AlarmRules.objects.exists()


def test_mails_are_muted_and_heard_again(client, project):
    client.post(path(project, "alarms/mute/"), {"hours": "8"})
    assert rules_of(project).is_muted(clock.now())
    assert "No mails until " in look(client, project)
    client.post(path(project, "alarms/mute/"), {"hours": "7"})  # not offered
    client.post(path(project, "alarms/mute/"), {"hours": "0"})
    assert not rules_of(project).is_muted(clock.now())
    assert [entry.data for entry in AuditEntry.objects.order_by("pk")] == [
        {"hours": 8},
        {"hours": 0},
    ]


def test_it_says_whether_mails_can_be_sent_at_all(client, project, settings):
    assert "No mail server is set up here" in look(client, project)
    settings.EMAIL_HOST = "mail.example"
    assert "Send me one to try" in look(client, project)


def test_one_is_sent_to_try_and_its_fault_is_said(client, project, server):
    answer = client.post(path(project, "alarms/try/"), follow=True)
    assert "A mail is on its way to mia@example.org." in answer.content.decode()
    assert server.subjects == ["[Help] A mail to try it out"]
    server.answers["MAIL"] = "535 who are you"
    answer = client.post(path(project, "alarms/try/"), follow=True)
    assert "The mail could not be sent: 535 who are you" in answer.content.decode()


def test_an_agent_and_another_company_see_none_of_it(project, lena):
    raise_it(project, lena)
    outside = make_member(make_company("Other"), role="owner").user
    for user in (lena.user, outside):
        for part in ("alarms/", "alarms/now/", "alarms/bar/"):
            assert browser(user).get(path(project, part)).status_code == 404


def test_the_history_asks_a_number_of_questions_that_does_not_grow(
    client, project, mia, django_assert_max_num_queries
):
    for number in range(20):
        at = ago(hours=number)
        row = Alarm.objects.create(
            project=project, kind="bot", began_at=at, seen_at=at, raised_at=at, ended_at=at
        )
        AlarmMail.objects.create(alarm=row, user=mia, about="raised")
    with django_assert_max_num_queries(14):
        page = look(client, project, "alarms/now/")
    assert page.count('class="line entry"') == 20


def test_a_fault_with_some_projects_keeps_no_other_from_being_seen(project, lena, monkeypatch):
    make_project(project.company, "Broken", time_zone="No/Where")
    monkeypatch.setattr(alarms, "BATCH", 1)
    raise_it(project, lena)
