"""The console's pages of redirect links."""

from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from accounts.models import AuditEntry
from core import clock
from redirects.models import Click, Link
from tests.factories import make_agent, make_bot, make_link, make_member, make_project
from tests.support.api import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    project = make_project(time_zone="Asia/Tokyo")
    make_bot(project)
    return project


@pytest.fixture
def page(project):
    return browser(make_member(project.company, role="manager").user)


@pytest.fixture
def link(project):
    return make_link(project, name="Poster")


def at(link, part=""):
    return f"/console/links/{link.public_id}/{part}"


def fields(link=None, **changed):
    given = {"name": "Poster", "is_enabled": "on", "patience_s": "60"}
    if link:
        given["version"] = str(link.version)
    return {name: value for name, value in (given | changed).items() if value is not None}


def test_a_link_is_made_with_all_that_it_has(page, project):
    ann = make_agent(project, "Ann")
    sent = fields(
        campaign="spring",
        note="two\nlines",
        expires_at="2030-01-02T09:00",
        fallback_url="acme.example/contact",
        greeting="Hello",
        agents=str(ann.public_id),
        patience_s="90",
    )
    answer = page.post(f"/console/projects/{project.public_id}/links/new/", sent, follow=True)
    link = Link.objects.get()
    assert answer.redirect_chain == [(at(link), 302)]
    assert f"http://testserver/{link.code}" in answer.content.decode()
    assert (link.name, link.campaign, link.greeting, link.patience_s) == (
        "Poster",
        "spring",
        "Hello",
        90,
    )
    assert link.expires_at == datetime(2030, 1, 2, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert link.fallback_url == "https://acme.example/contact"
    assert list(link.agents.all()) == [ann]
    assert AuditEntry.objects.get(verb="link.created").data["link"] == str(link.public_id)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": "  "}, "This field is required"),
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"name": "two\nlines"}, "one line"),
        ({"patience_s": "-1"}, "from 0 to 86400"),
        ({"patience_s": "99999999"}, "from 0 to 86400"),
        ({"patience_s": "soon"}, "from 0 to 86400"),
        ({"fallback_url": "javascript:alert(1)"}, "Enter a valid URL"),
        ({"fallback_url": "ftp://acme.example"}, "Enter a valid URL"),
        ({"expires_at": "tomorrow"}, "Enter a valid date/time"),
        ({"agents": str(uuid4())}, "is not one of the available choices"),
        ({"note": "x" * 1001}, "at most 1000 characters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(page, project, wrong, said):
    path = f"/console/projects/{project.public_id}/links/new/"
    assert said in page.post(path, fields(**wrong)).content.decode()
    assert not Link.objects.exists()


def test_another_projects_agents_are_not_to_be_had(page, project, link):
    other = make_agent(make_project(project.company, name="Other"), "Zoe")
    answer = page.post(at(link), fields(link, agents=str(other.public_id)))
    assert "is not one of the available choices" in answer.content.decode()
    assert "Zoe" not in answer.content.decode()


def test_it_is_changed_and_a_second_manager_is_told(page, project, link):
    seen = link.version
    page.post(at(link), fields(link, name="Banner", expires_at="2030-01-02T09:00"))
    link.refresh_from_db()
    assert (link.name, link.version) == ("Banner", 2)
    stale = page.post(at(link), fields(name="Flyer", version=str(seen)))
    assert "has changed this link meanwhile" in stale.content.decode()
    link.refresh_from_db()
    assert link.name == "Banner"
    shown = page.get(at(link)).content.decode()
    assert 'value="2030-01-02T09:00"' in shown
    page.post(at(link), fields(link, name="Banner", is_enabled=None))
    link.refresh_from_db()
    assert not link.is_enabled
    assert link.expires_at is None


def test_saving_what_is_unchanged_changes_nothing(page, link):
    page.post(at(link), fields(link))
    link.refresh_from_db()
    assert link.version == 1
    assert not AuditEntry.objects.exists()


def test_the_table_tells_state_visits_and_starts(page, project, link):
    for at in (clock.now(), None, None):  # who was erased has no person any more
        Click.objects.create(link=link, started_at=at)
    Click.objects.create(link=link, kind="robot")
    make_link(project, name="Old one", is_enabled=False)
    text = page.get(f"/console/projects/{project.public_id}/links/").content.decode()
    assert f"http://testserver/{link.code}" in text
    assert '<td class="num">3</td>' in text
    assert '<td class="num">1</td>' in text
    assert "switched off" in text


def test_an_archived_link_is_gone_and_its_clicks_stay(page, project, link):
    Click.objects.create(link=link)
    assert page.get(f"/{link.code}").status_code == 302
    page.post(at(link, "archive/"))
    assert page.get(f"/{link.code}").status_code == 404
    assert page.get(at(link)).status_code == 404
    assert Click.objects.count() == 2
    assert (
        "There is no link yet"
        in page.get(f"/console/projects/{project.public_id}/links/").content.decode()
    )


@pytest.mark.parametrize(("kind", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_its_code_can_be_looked_at_and_kept(page, link, kind, begins):
    shown, kept = page.get(at(link, f"qr.{kind}")), page.get(at(link, f"qr.{kind}?save"))
    assert shown.content.startswith(begins)
    assert "Content-Disposition" not in shown.headers
    assert kept["Content-Disposition"] == f'attachment; filename="{link.code}.{kind}"'
    assert page.get(at(link, "qr.gif")).status_code == 404


def test_addresses_are_those_of_the_public_site(page, link, settings):
    settings.PUBLIC_URL = "https://go.acme.example"
    assert f"https://go.acme.example/{link.code}" in page.get(at(link)).content.decode()
