"""The sidebar leads to what a person may look at, and to nothing else."""

import pytest

from tests.factories import make_company, make_member, make_user
from tests.support.api import browser
from tgstaff.sidebar import GROUPS

pytestmark = pytest.mark.django_db

OF_STAFF = ["/admin/axes/accessattempt/", "/admin/core/tick/"]


def entries(user) -> list[str]:
    """The addresses in the sidebar, from top to bottom."""
    page = browser(user).get("/admin/")
    return [item["link"] for group in page.context["sidebar_navigation"] for item in group["items"]]


@pytest.fixture
def owner():
    return make_member(make_company(), role="owner").user


def test_a_manager_finds_the_company_first_and_no_table_of_the_platform(owner):
    found = entries(owner)
    assert found[0] == "/admin/accounts/company/"
    assert "/admin/projects/project/" in found
    assert set(found).isdisjoint(OF_STAFF)


def test_platform_staff_find_everything_that_is_grouped():
    found = entries(make_user("Root", is_staff=True, is_superuser=True))
    assert set(OF_STAFF) <= set(found)
    assert len(found) == sum(len(models) for _, models in GROUPS)


def test_every_entry_opens(owner):
    for address in entries(owner):
        assert browser(owner).get(address).status_code == 200, address
