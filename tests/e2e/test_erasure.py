"""A customer is erased while an agent looks at what he wrote."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_agents_page import go_online, open_app
from tests.support.browser import Pages
from tests.support.house import House

pytestmark = pytest.mark.usefixtures("everybody_is_away")

CUSTOMER = "Дмитрий Козлов"


def write(phone: Page, house: House, text: str) -> None:
    phone.goto(f"{house.simulator}/")
    phone.get_by_placeholder("Search people").fill(CUSTOMER)
    phone.get_by_text(CUSTOMER).first.click()
    phone.get_by_role("button", name="START", exact=True).click()
    composer = phone.get_by_role("textbox", name="Message")
    composer.fill(text)
    composer.press("Enter")


def test_the_agents_page_loses_it_at_once_and_says_why(house: House, pages: Pages) -> None:
    lena = open_app(pages, house, "Lena")
    go_online(lena)
    write(pages.open(), house, "My secret is a blue kettle")
    expect(lena.locator(".b .text", has_text="blue kettle")).to_be_visible()
    expect(lena.get_by_role("button", name="Erase this customer…")).to_have_count(0)
    lena.locator("textarea").fill("I have a draft")

    boss = open_app(pages, house, "Olivia")
    boss.get_by_role("button", name=re.compile("^All")).click()
    boss.locator(".row", has_text=CUSTOMER).click()
    boss.get_by_role("button", name="Erase this customer…").click()
    boss.get_by_role("button", name="Keep", exact=True).click()
    boss.get_by_role("button", name="Erase this customer…").click()
    boss.get_by_role("button", name="Erase for good", exact=True).click()

    expect(lena.get_by_text("This customer was erased, with all that was written.")).to_be_visible()
    expect(lena.get_by_text("went to somebody else")).to_have_count(0)
    expect(lena.get_by_text("blue kettle")).to_have_count(0)
    expect(boss.get_by_text("The customer is erased.")).to_be_visible()
    expect(boss.get_by_text("blue kettle")).to_have_count(0)
    stored = lena.evaluate("Object.values(localStorage).join()")
    assert "I have a draft" not in stored
    lena.reload()
    expect(lena.locator(".list")).to_be_visible()
    expect(lena.locator(".row", has_text=CUSTOMER)).to_have_count(0)
