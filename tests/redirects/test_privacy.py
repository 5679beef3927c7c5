"""What is recorded of visitors is what the installation and the project allow."""

import pytest

from redirects.models import Click
from tests.factories import make_member
from tests.support.api import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(project):
    return browser(make_member(project.company, role="manager").user)


@pytest.mark.parametrize(
    ("site", "own", "kept"),
    [
        (True, True, "192.0.2.7"),
        (True, False, None),
        (False, True, None),
        (False, False, None),
    ],
)
def test_an_address_is_recorded_if_both_allow_it(client, link, settings, site, own, kept):
    settings.CLICK_IPS = site
    link.project.keeps_visitor_ips = own
    link.project.save()
    client.get(f"/{link.code}", REMOTE_ADDR="192.0.2.7", headers={"User-Agent": "Mozilla/5.0"})
    assert Click.objects.get().ip == kept


@pytest.mark.parametrize(
    ("own", "said"),
    [(True, "after 12 days its last part is removed"), (False, "Your IP address is not recorded")],
)
def test_the_text_for_a_privacy_statement_says_what_is_so(page, link, settings, own, said):
    settings.CLICK_IP_DAYS, settings.CLICK_DAYS = 12, 345
    link.project.keeps_visitor_ips = own
    link.project.save()
    text = page.get(f"/console/links/{link.public_id}/").content.decode()
    assert said in text
    assert "We keep it for 345 days" in text


def test_it_is_a_setting_of_the_project(page, project):
    path = f"/console/projects/{project.public_id}/settings/"
    assert 'name="keeps_visitor_ips"' in page.get(path).content.decode()
    sent = {
        "name": project.name,
        "time_zone": "UTC",
        "language": "en",
        "open_with": "start",
        "uncertain_policy": "hold",
        "send_within_s": "900",
    }
    assert page.post(path, sent).status_code == 302
    project.refresh_from_db()
    assert not project.keeps_visitor_ips
