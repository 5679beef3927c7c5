"""What agents do to a message that was sent, in a real browser; the phone's transcript tells."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import PATIENCE_MS, Pages
from tests.support.house import Customer, House
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("everybody_is_away")


def open_chat(pages: Pages, house: House, customer: Customer, name: str, **how: bool) -> Page:
    """Lena answers the customer, who has just written."""
    customer.says("hello")
    page = pages.signed_in(house, "Lena", **how)
    page.goto(f"{house.web}/app/")
    page.get_by_role("button", name=re.compile("^Unassigned")).click()
    page.locator(".row", has_text=name).click()
    return page


def write(page: Page, text: str) -> Locator:
    page.locator(".box textarea").fill(text)
    page.locator(".box textarea").press("Enter")
    bubble = page.locator(".b.o:not(.pending)", has_text=text)
    expect(bubble.locator(".state:not(.queued, .sending)")).to_be_attached(timeout=PATIENCE_MS)
    return bubble


def texts(customer: Customer) -> list[str]:
    transcript = customer.house.control(f"people/{customer.person}/transcript?bot={customer.bot}")
    return [row["text"] for row in transcript["messages"] if row["from"] == "bot"]


def test_what_may_have_arrived_is_decided_by_people(house: House, pages: Pages) -> None:
    rosa = house.customer("Rosa Doubt")
    page = open_chat(pages, house, rosa, "Rosa Doubt")
    house.control("faults", {"kind": "cut_after", "method": "sendMessage", "count": 2})
    first = write(page, "Did this arrive?")
    expect(first.get_by_text("It may have arrived")).to_be_visible()
    first.get_by_role("button", name="It arrived").press("Enter")
    expect(first.locator(".state")).to_contain_text("arrived, says Lena")
    expect(first.locator(".err")).to_have_count(0)

    second = write(page, "And this?")
    second.get_by_role("button", name="Send again").click()
    expect(second.locator(".state.sent")).to_be_attached()
    assert texts(rosa) == ["Did this arrive?", "And this?", "And this?"]


def test_a_failed_message_is_sent_again(house: House, pages: Pages) -> None:
    rosa = house.customer("Rosa Failed")
    page = open_chat(pages, house, rosa, "Rosa Failed", narrow=True, dark=True)
    house.control("faults", {"kind": "400", "method": "sendMessage", "count": 1})
    bubble = write(page, "Your parcel left today.")
    expect(bubble.locator(".state.failed")).to_contain_text("not delivered")
    bubble.get_by_role("button", name="Send again").click()
    expect(bubble.locator(".state.sent")).to_be_attached()
    assert texts(rosa) == ["Your parcel left today."]


def test_what_was_sent_is_edited_and_recalled(house: House, pages: Pages) -> None:
    rosa = house.customer("Rosa Edit")
    page = open_chat(pages, house, rosa, "Rosa Edit")
    write(page, "Your parcel left yestreday.")
    bubble = page.locator(".b.o").first  # whatever it says

    bubble.get_by_role("button", name="Edit or recall").press("Enter")
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("textbox")).to_be_focused()
    sheet.get_by_role("textbox").fill("Your parcel left yesterday.")
    sheet.get_by_role("button", name="Save").click()
    expect(bubble.locator(".text")).to_have_text("Your parcel left yesterday.")
    bubble.locator("summary", has_text="edited").click()
    expect(bubble.locator(".versions li")).to_contain_text("yestreday")
    until(lambda: texts(rosa) == ["Your parcel left yesterday."])

    bubble.get_by_role("button", name="Edit or recall").click()
    sheet.get_by_role("button", name="Recall").click()
    expect(bubble).to_contain_text("Recalled")
    expect(bubble).to_contain_text("Lena")
    expect(page.locator(".log")).not_to_contain_text("yesterday")
    until(lambda: texts(rosa) == [])


def test_a_refused_edit_shows_what_the_customer_has(house: House, pages: Pages) -> None:
    rosa = house.customer("Rosa Refused")
    page = open_chat(pages, house, rosa, "Rosa Refused")
    write(page, "As it was sent")
    bubble = page.locator(".b.o").first  # whatever it says
    description = "Bad Request: message can't be edited"
    fault = {"kind": "400", "method": "editMessageText", "count": 1, "description": description}
    house.control("faults", fault)
    bubble.get_by_role("button", name="Edit or recall").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("As it should be")
    page.get_by_role("button", name="Save").click()
    expect(bubble.locator(".err")).to_contain_text("Telegram no longer lets it be changed.")
    expect(bubble.locator(".text")).to_have_text("As it was sent")
    bubble.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("dialog").get_by_role("textbox")).to_have_value("As it should be")
