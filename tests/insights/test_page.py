"""The doctor's page, and the ways to it."""

import json
import re
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils.formats import date_format

from bots.models import Bot
from core import clock
from insights.models import Answer
from routing.models import Presence
from sessions_app.models import Ping
from tests.factories import (
    make_agent,
    make_company,
    make_lease,
    make_member,
    make_project,
    make_session,
)
from tests.support.api import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(project):
    return browser(make_member(project.company, role="manager").user)


def look(client, project, part=""):
    answer = client.get(f"/console/projects/{project.public_id}/doctor/{part}")
    assert answer.status_code == 200
    return unescape(" ".join(answer.content.decode().split()))


@pytest.mark.parametrize("part", ["", "now/"])
def test_it_shows_every_check_with_its_section_of_the_guide(client, project, part):
    page = look(client, project, part)
    assert "Nothing is wrong" in page
    assert page.count('class="check pass"') == 15
    assert page.count('class="check unknown"') == 2
    assert 'href="/help/checks/#1-agents-are-signed-in"' in page


def test_what_fails_is_named_above_and_has_its_fix(client, project, lena):
    Presence.objects.filter(user=lena.user).update(status="away")
    page = look(client, project)
    assert "2 of 17 checks failed" in page
    assert '<a href="#check-online">Somebody is online</a>' in page
    assert '<a href="/app/">Somebody presses “Go online”.</a>' in page


@pytest.mark.parametrize("part", ["", "now/"])
def test_the_report_to_be_copied_names_nobody(client, project, part):
    make_agent(project, "Tom Okafor")
    text = re.search(r"<textarea[^>]*>(.*?)</textarea>", look(client, project, part))[1]
    assert json.loads(text)["project"]["id"] == str(project.public_id)
    assert "Tom" not in text
    assert "Lena" not in text


def test_telegram_is_asked_when_somebody_presses_the_button_and_only_then(
    client, project, bot, telegram
):
    telegram.add_bot(bot)
    look(client, project)
    look(client, project, "now/")
    assert telegram.calls("getMe") == []
    client.post(reverse("insights:ask", args=[project.public_id]))
    assert len(telegram.calls("getMe")) == 1
    assert "Telegram accepts the token" in look(client, project, "now/")


def test_without_a_bot_there_is_nothing_to_ask(client, project):
    draft = make_project(project.company, name="Draft", state="draft")
    path = reverse("insights:ask", args=[draft.public_id])
    answer = client.post(path, follow=True)
    assert [str(one) for one in answer.context["messages"]] == ["This project has no bot yet."]
    assert not Answer.objects.exists()


def test_the_guide_leads_to_the_first_project_that_one_manages(client, project):
    assert 'href="/console/doctor/"' in client.get("/help/checks/").content.decode()
    answer = client.get("/console/doctor/")
    assert answer["Location"] == f"/console/projects/{project.public_id}/doctor/"


def test_who_manages_none_is_led_to_where_they_work(lena):
    assert browser(lena.user).get("/console/doctor/")["Location"] == "/console/"


def test_today_leads_to_it_when_the_bot_is_in_trouble(client, project, bot):
    link = f'<a href="/console/projects/{project.public_id}/doctor/">Ask the doctor</a>'
    now = f"/console/projects/{project.public_id}/now/"
    assert link not in client.get(now).content.decode()
    Bot.objects.update(state="conflict")
    assert link in client.get(now).content.decode()


def test_it_tells_the_time_of_the_projects_clock(client, project):
    tokyo = clock.now().astimezone(ZoneInfo("Asia/Tokyo"))
    assert f"{date_format(tokyo, 'DAY_YEAR')}, {tokyo:%H:}" in look(client, project, "now/")


def test_another_companys_project_is_not_there(project):
    client = browser(make_member(make_company("Other"), role="owner").user)
    for part in ("", "now/"):
        path = f"/console/projects/{project.public_id}/doctor/{part}"
        assert client.get(path).status_code == 404
    assert client.post(reverse("insights:ask", args=[project.public_id])).status_code == 404


def test_today_leads_to_it_when_nobody_can_receive(client, project, lena):
    link = f'href="/console/projects/{project.public_id}/doctor/"'
    now = f"/console/projects/{project.public_id}/now/"
    assert link not in client.get(now).content.decode()
    Presence.objects.filter(user=lena.user).update(status="away")
    make_session(project)
    assert link in client.get(now).content.decode()


def test_a_manager_pings_all_who_are_here_and_nobody_else(client, project, lena):
    make_agent(project, "Tom")
    make_lease(make_agent(make_project(), "Zoe").user)
    path = reverse("insights:ping", args=[project.public_id])
    assert client.get(path).status_code == 405
    client.post(path)
    ping = Ping.objects.get()
    assert (ping.user, ping.sender.name, ping.pages) == (lena.user, "Manager", 1)
    assert "Lena: a test ping is under way." in look(client, project, "now/")


def test_nobody_is_pinged_where_nobody_is(client, project, lease):
    lease.delete()
    path = reverse("insights:ping", args=[project.public_id])
    answer = client.post(path, follow=True)
    said = [str(one) for one in answer.context["messages"]]
    assert said == ["No session page is open that could answer."]
    assert not Ping.objects.exists()
