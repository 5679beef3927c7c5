"""The console in a browser: it keeps itself current, and the list can be ordered by hand."""

import json
import re

import pytest
from playwright.sync_api import expect

from insights.checks import TITLES
from tests.support.house import Agent

pytestmark = pytest.mark.usefixtures("everybody_is_away")

PARTS = (
    *("", "doctor/", "alarms/", "rules/", "team/", "coverage/", "bot/", "settings/"),
    *("links/", "links/new/", "links/many/", "links/ledger/"),
)


@pytest.fixture
def owner(pages, house):
    """The owner's page of today."""
    page = pages.signed_in(house, "Olivia")
    page.goto(f"{house.web}/console/")
    return page


def count(page, what):
    return page.locator(f'[data-count="{what}"]')


def test_what_happens_shows_without_a_reload_and_the_focus_stays(owner, house):
    waiting = int(count(owner, "waiting").inner_text())
    button = owner.get_by_role("button", name="Pause")
    button.focus()
    owner.evaluate("window.isTheSamePage = true")
    customer = house.customer("Nadia")
    customer.says("Is anybody there?")
    expect(owner.get_by_text("Is anybody there?")).to_be_visible()
    expect(count(owner, "waiting")).to_have_text(str(waiting + 1))
    expect(owner.locator(".alarm")).to_contain_text("nobody can receive")
    expect(owner.get_by_role("status")).to_contain_text("nobody can receive")
    expect(button).to_be_focused()
    assert owner.evaluate("window.isTheSamePage")


def test_an_agent_who_opens_the_page_can_receive(owner, house, pages):
    expect(count(owner, "able")).to_have_text("0 of 3")
    assert Agent(house, house.person("Lena")).post("presence", status="online").ok
    lena = pages.signed_in(house, "Lena")
    lena.goto(f"{house.web}/app/")
    expect(count(owner, "able")).to_have_text("1 of 3")


def test_it_says_that_it_is_not_current_any_more(owner, watch):
    watch.expect("ERR_FAILED|Failed to fetch")
    stale = owner.locator("[data-stale]")
    expect(stale).to_be_hidden()
    owner.route("**/now/", lambda route: route.abort())
    expect(stale).to_be_visible()
    owner.unroute("**/now/")
    expect(stale).to_be_hidden()


def test_it_leads_to_the_sign_in_when_one_is_signed_out(owner):
    owner.context.clear_cookies()
    owner.wait_for_url(lambda address: "/sign-in/?next=" in address)


def names(page):
    return page.locator(".list .person b").all_inner_texts()


def test_the_list_is_ordered_by_buttons_and_by_dragging(owner):
    owner.get_by_role("link", name="Team", exact=True).click()
    assert names(owner) == ["Lena Fischer", "Tom Okafor", "Ivy Chen"]
    owner.get_by_role("button", name="Move Ivy Chen up").click()
    expect(owner.locator(".list .person b").nth(1)).to_have_text("Ivy Chen")
    assert names(owner) == ["Lena Fischer", "Ivy Chen", "Tom Okafor"]
    grips, rows = owner.locator("[data-grip]"), owner.locator(".list li")
    with owner.expect_navigation():
        grips.nth(2).drag_to(rows.nth(0), target_position={"x": 40, "y": 4})
    assert names(owner) == ["Tom Okafor", "Lena Fischer", "Ivy Chen"]


def test_it_pauses_and_resumes(owner):
    owner.get_by_role("button", name="Pause").click()
    expect(owner.get_by_role("button", name="Resume")).to_be_visible()
    owner.get_by_role("button", name="Resume").click()
    expect(owner.get_by_role("button", name="Pause")).to_be_visible()


@pytest.mark.parametrize("locale", ["en", "zh-CN", "ru"])
def test_no_page_is_wider_than_a_phone(pages, house, locale):
    phone = pages.signed_in(house, "Marek", narrow=True, locale=locale)
    phone.goto(f"{house.web}/console/")
    today = phone.url
    for part in PARTS:
        phone.goto(today + part)
        expect(phone.get_by_role("heading", level=1)).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390, part


def test_a_language_is_chosen_where_the_account_is(owner):
    today = owner.url
    owner.locator(".nav-foot summary").click()
    with owner.expect_navigation():
        owner.locator(".nav-foot").get_by_role("button", name="Русский").click()
    assert owner.url == today
    expect(owner.get_by_role("heading", level=1)).to_have_text("Сегодня")
    owner.locator(".nav-foot summary").click()
    with owner.expect_navigation():
        owner.locator(".nav-foot").get_by_role("button", name="Как в браузере").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("Today")


def test_one_can_sign_out_on_a_phone(pages, house):
    phone = pages.signed_in(house, "Marek", narrow=True)
    phone.goto(f"{house.web}/console/")
    phone.locator(".switch > summary").click()
    phone.get_by_role("button", name="Sign out").click()
    phone.wait_for_url("**/sign-in/")


def test_the_doctor_sees_it_when_what_was_wrong_is_mended(owner, house, pages):
    owner.get_by_role("link", name="Doctor", exact=True).click()
    online = owner.locator("#check-online")
    expect(online).to_have_class("check fail")
    expect(owner.locator(".verdict")).to_contain_text("checks failed")
    owner.evaluate("window.isTheSamePage = true")
    assert Agent(house, house.person("Lena")).post("presence", status="online").ok
    lena = pages.signed_in(house, "Lena")
    lena.goto(f"{house.web}/app/")
    expect(online).to_have_class("check pass")
    expect(online).to_contain_text("Lena Fischer")
    assert owner.evaluate("window.isTheSamePage")


def test_the_doctors_report_is_copied_as_it_is_now(owner):
    owner.context.grant_permissions(["clipboard-read", "clipboard-write"])
    owner.get_by_role("link", name="Doctor", exact=True).click()
    first = json.loads(owner.locator("#report").input_value())
    # it has renewed itself since, and with it the field
    expect(owner.locator("#report")).not_to_have_value(re.compile(re.escape(first["at"])))
    owner.get_by_role("button", name="Copy report").click()
    expect(owner.get_by_role("button", name="Copied")).to_be_visible()
    copied = json.loads(owner.evaluate("navigator.clipboard.readText()"))
    assert copied["at"] > first["at"]
    assert len(copied["checks"]) == len(TITLES)


def test_the_doctor_asks_telegram(owner):
    owner.get_by_role("link", name="Doctor", exact=True).click()
    owner.get_by_role("button", name="Ask Telegram").click()
    expect(owner.locator("#check-bot")).to_contain_text("Telegram accepts the token")


def test_the_doctor_is_printed_on_one_sheet(owner):
    owner.get_by_role("link", name="Doctor", exact=True).click()
    sheets = owner.pdf(prefer_css_page_size=True)
    assert b"/Count 1" in sheets
