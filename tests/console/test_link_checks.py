"""What the console and the doctor say of links that expire and of addresses that were opened."""

from datetime import timedelta

import pytest

from core import clock
from redirects.models import Click, Link
from tests.factories import make_bot, make_link, make_member, make_project
from tests.insights.looking import checks
from tests.support.api import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    project = make_project()
    make_bot(project, username="acme_bot")
    return project


@pytest.fixture
def page(project):
    return browser(make_member(project.company, role="manager").user)


def table(page, project):
    return page.get(f"/console/projects/{project.public_id}/links/").content.decode()


def days(number):
    return clock.now() + timedelta(days=number)


def test_links_that_end_soon_stand_on_top(page, project):
    make_link(project, name="Soon", expires_at=days(2))
    make_link(project, name="Later", expires_at=days(4))
    make_link(project, name="Off", expires_at=days(2), is_enabled=False)
    text = table(page, project)
    assert text.count('class="alarm"') == 1
    assert "<b>Soon</b> expires on" in text
    check = checks(project)["links"]
    assert check.state == "pass"
    assert sum("expires:" in line for line in check.evidence) == 1


def test_expired_links_that_people_still_open_stand_on_top(page, project):
    old = make_link(project, name="Old", expires_at=days(-9))
    Click.objects.create(link=old, state="active", at=days(-1))
    Click.objects.create(link=old, state="expired", kind="robot")
    Click.objects.create(link=old, state="expired", at=days(-8))
    assert 'class="alarm"' not in table(page, project)
    assert checks(project)["links"].state == "unknown"
    Click.objects.create(link=old, state="expired")
    assert "has expired, and 1 visit came since" in table(page, project)
    check = checks(project)["links"]
    assert check.state == "fail"
    assert "Old has expired, and 1 visit came since, in the last 7 days." in check.evidence


@pytest.mark.parametrize(
    ("state", "detail", "said", "verdict"),
    [
        ("leads", "@acme_bot", "leads to @acme_bot", "pass"),
        ("nowhere", "410", "says that it leads nowhere (410)", "fail"),
        ("wrong", "404", "something else answers (404)", "fail"),
        ("unreachable", "timeout", "does not answer from here (no answer in time)", "pass"),
    ],
)
def test_what_was_found_is_said(page, project, settings, state, detail, said, verdict):
    settings.PUBLIC_URL = "https://go.acme.example"
    link = make_link(
        project, checked_at=clock.now(), check_state=state, check_detail=detail, name="Poster"
    )
    assert said in table(page, project)
    assert said.lower() in page.get(f"/console/links/{link.public_id}/").content.decode().lower()
    check = checks(project)["links"]
    assert check.state == verdict
    if verdict == "fail":
        assert said in " ".join(check.evidence)


def test_an_installation_that_does_not_answer_is_named_and_no_link_blamed(project, settings):
    settings.PUBLIC_URL = "https://go.acme.example"
    make_link(project, checked_at=clock.now(), check_state="unreachable", check_detail="timeout")
    check = checks(project)["links"]
    assert check.state == "pass"
    assert any("public address does not answer" in line for line in check.evidence)


def test_without_a_public_address_that_is_said(page, project, settings):
    settings.PUBLIC_URL = ""
    link = make_link(project)
    for path in (f"projects/{project.public_id}/links/check/", f"links/{link.public_id}/check/"):
        assert (
            "PUBLIC_URL is not set" in page.post(f"/console/{path}", follow=True).content.decode()
        )
    assert any("PUBLIC_URL" in line for line in checks(project)["links"].evidence)


def test_check_now(page, project, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    link = make_link(project, check_due_at=days(1))
    page.post(f"/console/projects/{project.public_id}/links/check/")
    assert Link.objects.get().check_due_at <= clock.now()
    answer = page.post(f"/console/links/{link.public_id}/check/", follow=True)
    assert "(no connection)" in answer.content.decode()
