"""From an advertisement to the right agent: the manager's, the visitor's and the agents' browsers."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_agents_page import go_online, open_app
from tests.support.browser import Pages
from tests.support.house import House

VISITOR = "Дмитрий Козлов"

pytestmark = pytest.mark.usefixtures("everybody_is_away")


def link_for(owner: Page, agent: str) -> str:
    """A link of its own for one agent; its address."""
    owner.get_by_role("link", name="Redirect links").click()
    owner.get_by_role("link", name="Make the first link").click()
    owner.get_by_label("Name", exact=True).fill("Poster at the station")
    owner.get_by_label("Campaign").fill("spring")
    owner.get_by_label("Greeting").fill("Welcome from the station!")
    owner.get_by_label(agent).check()
    owner.get_by_role("button", name="Make the link").click()
    return owner.locator("#address").input_value()


def test_who_opens_a_link_is_greeted_and_comes_to_the_agent_of_the_link(
    house: House, pages: Pages
) -> None:
    lena, tom = open_app(pages, house, "Lena"), open_app(pages, house, "Tom")
    go_online(lena)
    go_online(tom)
    owner = pages.signed_in(house, "Olivia")
    owner.goto(f"{house.web}/console/")
    address = link_for(owner, "Tom Okafor")

    phone = pages.open(narrow=True)
    phone.goto(f"{address}?utm_source=poster&platform=7")
    assert phone.url.startswith(house.simulator)
    phone.get_by_role("dialog").get_by_text(VISITOR).click()
    phone.get_by_role("button", name="START", exact=True).click()
    expect(phone.get_by_role("log")).to_contain_text("Welcome from the station!")

    tom.locator(".row", has_text=VISITOR).click()
    expect(tom.get_by_text("Poster at the station").first).to_be_visible()
    expect(lena.locator(".row", has_text=VISITOR)).to_have_count(0)
    owner.reload()
    drawn = owner.get_by_role("img", name="visits 1, pressed START 1")
    expect(drawn).to_be_visible()
