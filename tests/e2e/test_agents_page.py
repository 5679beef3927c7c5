"""The agents' page in a real browser, with the phone page as the customer."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import Pages, Watch
from tests.support.house import House
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("everybody_is_away", "somebody_is_the_last_one_out")


@pytest.fixture
def somebody_is_the_last_one_out(watch: Watch) -> None:
    """The question is a refusal, and browsers note every refusal."""
    watch.expect(r"409 .*/app/api/presence")


def open_app(pages: Pages, house: House, name: str, **how: Any) -> Page:
    page = pages.signed_in(house, name, **how)
    page.goto(f"{house.web}/app/")
    expect(page.locator(".list")).to_be_visible()
    return page


def take_a_break(page: Page) -> None:
    switch = page.get_by_role("switch")
    if switch.get_attribute("aria-checked") == "true":
        switch.click()
        away, go = page.locator('[role="switch"][aria-checked="false"]'), going_away(page)
        expect(away.or_(go)).to_be_visible()
        if go.is_visible():
            go.click()
    expect(switch).to_have_attribute("aria-checked", "false")


def going_away(page: Page) -> Locator:
    """What the last one out is asked."""
    return page.get_by_role("dialog").get_by_role("button", name="Go away", exact=True)


def go_online(page: Page) -> None:
    switch = page.get_by_role("switch")
    if switch.get_attribute("aria-checked") == "false":
        switch.click()
    expect(page.get_by_text("Online: you receive new sessions")).to_be_visible()


def test_what_a_customer_types_appears_without_a_reload_and_the_reply_on_the_phone(
    house: House, pages: Pages
) -> None:
    lena = open_app(pages, house, "Lena")
    go_online(lena)
    phone = pages.open()
    phone.goto(f"{house.simulator}/")
    phone.get_by_placeholder("Search people").fill("Mei Lin")
    phone.get_by_text("Mei Lin").first.click()
    phone.get_by_role("button", name="START", exact=True).click()
    composer = phone.get_by_role("textbox", name="Message")
    composer.fill("Where is my blue kettle?")
    composer.press("Enter")

    expect(lena.locator(".b .text", has_text="Where is my blue kettle?")).to_be_visible()
    lena.locator("textarea").fill("It is on its way.")
    lena.locator("textarea").press("Enter")
    expect(phone.get_by_text("It is on its way.").first).to_be_visible()
    expect(lena.locator(".b.o .state.sent").last).to_be_attached()
    lena.locator(".head .btn.pri", has_text="Complete").click()
    expect(lena.get_by_text("This session is completed.")).to_be_visible()


def test_the_page_says_why_a_session_waits_and_gets_it_when_somebody_comes_online(
    house: House, pages: Pages
) -> None:
    lena = open_app(pages, house, "Lena")
    take_a_break(lena)
    expect(lena.get_by_text("Away: no new sessions")).to_be_visible()
    house.customer("Rosa").says("is anybody there?")

    lena.get_by_role("button", name=re.compile("^Unassigned")).click()
    lena.locator(".row", has_text="Rosa").click()
    why = lena.locator(".side .why")
    expect(why).to_contain_text("Nobody can receive it now")
    expect(why.locator("li", has_text="You")).to_contain_text("away")

    go_online(lena)
    expect(lena.locator(".head")).to_contain_text("yours since")


def test_taking_transferring_and_reopening(house: House, pages: Pages) -> None:
    lena, tom = open_app(pages, house, "Lena"), open_app(pages, house, "Tom")
    take_a_break(lena)
    take_a_break(tom)
    house.customer("Pavel").says("please help")

    lena.get_by_role("button", name=re.compile("^Unassigned")).click()
    lena.locator(".row", has_text="Pavel").click()
    lena.get_by_role("button", name="Take it").click()
    expect(lena.locator(".head")).to_contain_text("yours since")

    go_online(tom)
    lena.get_by_role("button", name="Transfer").click()
    lena.get_by_label("Reason, for the team (optional)").fill("speaks Czech")
    lena.locator(".choices label", has_text="Tom").click()
    lena.locator("dialog .btn.pri").click()
    expect(lena.locator(".head", has_text="Pavel")).to_have_count(0)

    tom.locator(".row", has_text="Pavel").click()
    expect(tom.locator(".log")).to_contain_text("speaks Czech")
    tom.locator(".head .btn.pri", has_text="Complete").click()
    tom.locator(".head .btn", has_text="Reopen").click()
    expect(tom.locator(".head")).to_contain_text("yours since")
    tom.locator(".head .btn.pri", has_text="Complete").click()
    expect(tom.get_by_text("This session is completed.")).to_be_visible()
    take_a_break(tom)


def test_a_page_that_was_cut_off_ends_equal_to_a_fresh_one(house: House, pages: Pages) -> None:
    lena = open_app(pages, house, "Lena")
    go_online(lena)
    customer = house.customer("Nadia")
    customer.says("before the cut")
    lena.locator(".row", has_text="Nadia").click()
    expect(lena.locator(".b .text", has_text="before the cut")).to_be_visible()

    pages.watch.expect("ERR_INTERNET_DISCONNECTED")
    lena.context.set_offline(True)
    for number in range(40):
        customer.says(f"unheard {number}")
    customer.says("the last one")
    lena.context.set_offline(False)

    expect(lena.locator(".b .text", has_text="the last one")).to_be_visible()
    fresh = open_app(pages, house, "Lena")
    fresh.locator(".row", has_text="Nadia").click()
    expect(fresh.locator(".b .text", has_text="the last one")).to_be_visible()
    assert texts(lena)[-42:] == texts(fresh)[-42:]


def texts(page: Page) -> list[str]:
    return page.locator(".b .text").all_inner_texts()


def test_what_was_written_while_cut_off_is_sent_once(house: House, pages: Pages) -> None:
    lena = open_app(pages, house, "Lena")
    go_online(lena)
    customer = house.customer("Omar")
    customer.says("hello")
    lena.locator(".row", has_text="Omar").click()
    expect(lena.locator(".b .text", has_text="hello")).to_be_visible()

    pages.watch.expect("ERR_INTERNET_DISCONNECTED")
    lena.context.set_offline(True)
    lena.locator("textarea").fill("written in a tunnel")
    lena.locator("textarea").press("Enter")
    expect(lena.locator(".b.pending")).to_contain_text("no connection, trying again")
    lena.context.set_offline(False)

    customer.receives("written in a tunnel")
    expect(lena.locator(".b.pending")).to_have_count(0)
    expect(lena.locator(".b.o .text", has_text="written in a tunnel")).to_have_count(1)
    journal = house.control(f"journal?bot={house.bot}&method=sendMessage")["entries"]
    sent = [entry for entry in journal if entry["params"].get("text") == "written in a tunnel"]
    assert len(sent) == 1


def test_a_draft_stays_with_its_chat(house: House, pages: Pages) -> None:
    lena = open_app(pages, house, "Lena")
    go_online(lena)
    for name in ("Uma", "Vera"):
        house.customer(name).says(f"hello from {name}")
        expect(lena.locator(".row", has_text=name)).to_be_visible()
    lena.locator(".row", has_text="Uma").click()
    lena.locator("textarea").fill("half a sent")
    lena.locator(".row", has_text="Vera").click()
    expect(lena.locator("textarea")).to_have_value("")
    lena.reload()
    lena.locator(".row", has_text="Uma").click()
    expect(lena.locator("textarea")).to_have_value("half a sent")


def test_five_hundred_waiting_sessions_are_there_after_a_reload(
    full_house: House, pages: Pages
) -> None:
    marek = open_app(pages, full_house, "Marek")
    agents = [open_app(pages, full_house, name) for name in ("Lena", "Tom", "Ivy")]
    for agent in agents:
        take_a_break(agent)
    full_house.control("updates/burst", {"bot": full_house.bot, "people": 500, "messages": 1})
    tab = marek.get_by_role("button", name=re.compile("^Unassigned"))
    expect(tab).to_contain_text("500", timeout=60_000)

    marek.reload()
    tab.click()
    expect(tab).to_contain_text("500")
    expect(marek.locator(".row").first).to_be_visible()
    pane = marek.locator(".rows")
    loaded = pane.evaluate("pane => pane.scrollHeight")
    pane.evaluate("pane => pane.scrollTo(0, pane.scrollHeight)")
    until(lambda: pane.evaluate("pane => pane.scrollHeight") > loaded)


def test_it_speaks_the_language_that_is_chosen_on_it(house: House, pages: Pages) -> None:
    tom = open_app(pages, house, "Tom")
    choose(tom, "Language", "简体中文")
    expect(tom.get_by_role("heading", name="会话", exact=True)).to_be_attached()
    assert tom.locator("html").get_attribute("lang") == "zh-hans"
    choose(tom, "语言", "跟随浏览器")
    expect(tom.get_by_role("heading", name="Sessions", exact=True)).to_be_attached()


def choose(page: Page, button: str, language: str) -> None:
    page.locator(".rail").get_by_role("button", name=button, exact=True).click()
    with page.expect_navigation():
        page.get_by_role("dialog").get_by_role("button", name=language, exact=True).click()


@pytest.mark.parametrize("narrow", [False, True])
def test_longer_words_have_room(house: House, pages: Pages, narrow: bool) -> None:
    """Russian takes a third more than English."""
    lena = open_app(pages, house, "Lena", narrow=narrow, locale="ru")
    lena.get_by_role("button", name="Получаете ли вы обращения?").click()
    for part in ("html", ".list", ".strip"):
        assert lena.locator(part).evaluate("part => part.scrollWidth <= part.clientWidth"), part


def test_the_page_is_whole_on_a_phone_and_in_the_dark(house: House, pages: Pages) -> None:
    lena = open_app(pages, house, "Lena", dark=True, narrow=True)
    go_online(lena)
    house.customer("Yuki").says("こんにちは")
    lena.locator(".row", has_text="Yuki").click()
    expect(lena.locator(".b .text", has_text="こんにちは")).to_be_visible()
    assert lena.evaluate("document.documentElement.scrollWidth") <= 390
    lena.get_by_role("button", name="Back").click()
    expect(lena.locator(".list")).to_be_visible()


def test_signing_out_elsewhere_ends_the_page_with_a_notice(house: House, pages: Pages) -> None:
    ivy = open_app(pages, house, "Ivy")
    other = ivy.context.new_page()
    other.goto(f"{house.web}/app/")
    other.get_by_role("button", name="Sign out").click()
    expect(ivy.get_by_text("You are signed out")).to_be_visible()


def test_the_last_one_out_is_asked_and_may_stay(house: House, pages: Pages) -> None:
    lena, tom = open_app(pages, house, "Lena"), open_app(pages, house, "Tom")
    go_online(lena)
    go_online(tom)
    expect(lena.get_by_role("switch")).to_be_checked()
    tom.get_by_role("switch").click()
    expect(tom.get_by_role("switch")).not_to_be_checked()

    lena.get_by_role("switch").click()
    asked = lena.get_by_role("dialog")
    expect(asked).to_contain_text("Nobody else can receive now.")
    expect(asked).to_contain_text("Acme Support: nobody waits so far")
    expect(asked.get_by_role("button", name="Stay")).to_be_focused()
    lena.keyboard.press("Enter")
    expect(asked).to_have_count(0)
    expect(lena.get_by_text("Online: you receive new sessions")).to_be_visible()

    lena.get_by_role("switch").click()
    going_away(lena).click()
    expect(lena.get_by_text("Away: no new sessions")).to_be_visible()
    expect(asked).to_have_count(0)


def test_can_you_receive_names_each_rule_and_asks_for_leave_only_when_pressed(
    house: House, pages: Pages
) -> None:
    lena = open_app(pages, house, "Lena")
    go_online(lena)
    question = lena.get_by_role("button", name="Can you receive?")
    question.click()
    strip = lena.get_by_role("region", name="Can you receive?")
    expect(strip.locator("li.bad")).to_have_count(0)
    expect(strip.locator("li", has_text="Connection")).to_contain_text("live")
    notifications = strip.locator("li", has_text="Notifications")
    expect(notifications).to_contain_text("has not been asked yet")
    lena.evaluate(
        "globalThis.asked = 0; Notification.requestPermission = async () => { asked += 1; }; 0"
    )
    assert lena.evaluate("asked") == 0
    notifications.get_by_role("button", name="Allow").click()
    assert lena.evaluate("asked") == 1

    take_a_break(lena)
    expect(strip.locator("li.bad")).to_have_text(re.compile("Your status\\s+away since"))
    question.click()
    expect(strip).to_have_count(0)


def test_a_page_says_that_it_is_cut_off_and_cannot_ping(house: House, pages: Pages) -> None:
    lena = open_app(pages, house, "Lena")
    lena.get_by_role("button", name="Can you receive?").click()
    strip = lena.get_by_role("region", name="Can you receive?")
    expect(strip.locator("li", has_text="Connection")).to_contain_text("live")
    pages.watch.expect("ERR_INTERNET_DISCONNECTED")
    lena.context.set_offline(True)
    expect(strip.locator("li.bad", has_text="Connection")).to_contain_text("last heard")
    expect(strip.get_by_role("button", name="Send a test ping")).to_be_disabled()
    lena.context.set_offline(False)
    expect(strip.locator("li.good", has_text="Connection")).to_be_visible()


def test_a_test_ping_comes_back_from_every_page_and_is_shown_once(
    house: House, pages: Pages
) -> None:
    lena = open_app(pages, house, "Lena", permissions=["notifications"])
    second = lena.context.new_page()
    second.goto(f"{house.web}/app/")
    second.get_by_role("button", name="Can you receive?").click()
    lena.get_by_role("button", name="Can you receive?").click()
    expect(lena.locator(".strip li.good", has_text="Connection")).to_be_visible()
    expect(second.locator(".strip li.good", has_text="Connection")).to_be_visible()
    lena.get_by_role("button", name="Send a test ping").click()
    said = re.compile(r"^Received on 2 pages in \d+\.\d s, notification shown\.$")
    for page in (lena, second):
        expect(page.locator(".strip .test p")).to_have_text(said)


def test_a_manager_pings_from_the_doctor_and_reads_what_came_back(
    house: House, pages: Pages
) -> None:
    ivy = open_app(pages, house, "Ivy", permissions=["notifications"])
    tom = open_app(pages, house, "Tom")
    marek = pages.signed_in(house, "Marek")
    marek.goto(f"{house.web}/console/doctor/")
    marek.get_by_role("button", name="Test pings").click()
    for page in (ivy, tom):
        expect(page.locator(".toast", has_text="Test ping from Marek")).to_be_visible()
    check = marek.locator("#check-notifications")
    came = r"%s .*: the test ping of .* arrived on (1 page|\d of \d pages) in \d\.\d s%s"
    expect(check).to_contain_text(re.compile(came % ("Ivy", " and was shown")))
    expect(check).to_contain_text(re.compile(came % ("Tom", ", not shown")))
    expect(check).to_contain_text("Tom Okafor: not allowed yet")
