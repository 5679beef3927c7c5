"""The phone page as it is served, and in a real Chromium."""

import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, expect

from simulator.phone import STATIC
from tests.support.browser import Pages, Watch, chromium

KEYS = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}


@pytest.mark.parametrize("path", ["/", "/test_bot?start=abc", "/bothelper_bot"])
def test_it_serves_the_page_also_for_links(telegram, path):
    answer = requests.get(telegram.url + path, timeout=20)
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert '<div id="page"' in answer.text


def test_it_serves_every_file_the_page_asks_for_and_asks_nobody_else(telegram):
    for file in STATIC.rglob("*.*"):
        source = file.read_text()
        for link in re.findall(r'(?:href|src|from) ?=? ?"([^"#]+)"', source):
            assert not re.match(r"(https?:)?//", link), f"{file.name}: {link}"
            address = link if link.startswith("/") else f"/static/js/{link}"
            assert requests.get(telegram.url + address, timeout=20).status_code == 200


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def pages(browser: Browser) -> Iterator[Pages]:
    watch = Watch()
    pages = Pages(browser, watch)
    yield pages
    pages.close()
    assert watch.unexpected() == []


@pytest.mark.e2e
def test_it_opens_a_link_and_starts_with_its_payload(telegram, pages):
    page = pages.open()
    page.goto(f"{telegram.url}/test_bot?start=spring")
    page.get_by_role("dialog").get_by_role("button", name="New person").click()
    page.get_by_label("First name").fill("Zoe")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("button", name="START", exact=True).click()
    expect(page.locator(".bubble.mine")).to_contain_text("/start spring")
    assert telegram.poll()[0]["message"]["text"] == "/start spring"


@pytest.mark.e2e
def test_it_writes_edits_and_answers_by_keyboard_alone(telegram, pages):
    person = telegram.customer(first_name="Ada")
    page = pages.open()
    page.goto(f"{telegram.url}/#{person}")
    page.get_by_label("Message", exact=True).focus()
    page.keyboard.type("hello")
    page.keyboard.press("Enter")
    expect(page.locator(".bubble").last).to_contain_text("hello")
    page.keyboard.press("ArrowUp")
    page.keyboard.type(" again")
    page.keyboard.press("Enter")
    expect(page.locator(".bubble").last).to_contain_text("hello again")
    page.get_by_role("log").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("r")
    page.keyboard.type("reply")
    page.keyboard.press("Enter")
    expect(page.locator(".bubble .quote")).to_contain_text("hello again")
    assert telegram.texts(person) == ["/start", "hello again", "reply"]


@pytest.mark.e2e
def test_it_shows_live_what_the_bot_does(telegram, pages):
    person = telegram.customer(first_name="Ada")
    page = pages.open()
    page.goto(f"{telegram.url}/#{person}")
    expect(page.get_by_label("Message", exact=True)).to_be_visible()
    telegram.call("sendChatAction", chat_id=person, action="typing")
    expect(page.locator(".chat-head")).to_contain_text("typing…")
    text = "<b>bold</b> <a href='javascript:alert(1)'>no</a> &lt;script&gt;"
    telegram.call("sendMessage", chat_id=person, text=text, parse_mode="HTML", reply_markup=KEYS)
    bubble = page.locator(".bubble").last
    expect(bubble.locator("b")).to_have_text("bold")
    expect(bubble).to_contain_text("no <script>")
    expect(bubble.locator("a")).to_have_count(0)
    page.get_by_role("button", name="Yes").click()
    expect(page.locator(".key")).to_have_attribute("aria-busy", "true")
    query = telegram.poll()[-1]["callback_query"]["id"]
    telegram.call("answerCallbackQuery", callback_query_id=query, text="thank you")
    expect(page.locator(".toast")).to_have_text("thank you")
    number = telegram.transcript(person)[-1]["message_id"]
    telegram.call("editMessageText", chat_id=person, message_id=number, text="changed")
    expect(page.locator(".bubble").last).to_contain_text("changed")
    telegram.call("deleteMessage", chat_id=person, message_id=number)
    expect(page.locator(".bubble")).to_have_count(1)


@pytest.mark.e2e
def test_it_marks_what_the_bot_has_fetched(telegram, pages):
    person = telegram.customer(first_name="Ada")
    page = pages.open()
    page.goto(f"{telegram.url}/#{person}")
    expect(page.locator(".bubble", has_text="/start")).to_be_visible()
    telegram.says(person, "read me")
    tick = page.locator(".bubble", has_text="read me").locator(".tick")
    expect(tick).to_have_attribute("title", "Sent")
    telegram.poll()
    expect(tick).to_have_attribute("title", "Fetched by the bot")


@pytest.mark.e2e
def test_it_sends_files_and_blocks_the_bot(telegram, pages):
    person = telegram.customer(first_name="Ada")
    page = pages.open(narrow=True)
    page.goto(f"{telegram.url}/#{person}")
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("menuitem", name="Album of three").click()
    expect(page.locator(".picture")).to_have_count(3)
    page.locator("input[type=file]").set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"pdf"}
    )
    expect(page.locator(".bubble").last).to_contain_text("a.pdf")
    page.get_by_role("switch", name="Block").click()
    page.get_by_role("button", name="RESTART").click()
    expect(page.get_by_label("Message", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.e2e
def test_it_makes_weather(telegram, pages):
    telegram.customer(first_name="Ada")
    page = pages.open(dark=True)
    page.goto(telegram.url)
    page.get_by_role("button", name="Network weather").click()
    page.get_by_label("What happens").select_option("cut_after")
    page.get_by_role("button", name="Let it happen").click()
    expect(page.locator(".storm")).to_contain_text("Cut after it counts")
    fault = telegram.get("/faults")["faults"][0]
    assert (fault["kind"], fault["count"]) == ("cut_after", 1)
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator(".calm")).to_be_visible()
    assert telegram.get("/faults")["faults"] == []


@pytest.mark.e2e
def test_it_stands_phones_side_by_side(telegram, pages):
    ada, boris = telegram.customer(first_name="Ada"), telegram.customer(first_name="Boris")
    page = pages.open()
    page.goto(telegram.url)
    for name in ("Ada", "Boris"):
        page.locator(".row", has_text=name).click()
    expect(page.locator(".phone")).to_have_count(2)
    page.reload()
    expect(page.locator(".phone")).to_have_count(2)
    for person, name in ((ada, "Ada"), (boris, "Boris")):
        telegram.call("sendMessage", chat_id=person, text=f"for {name}")
        phone = page.get_by_label(f"{name}'s phone", exact=True)
        expect(phone.locator(".bubble").last).to_contain_text(f"for {name}")


@pytest.mark.e2e
def test_it_loses_nothing_that_comes_while_it_fetches(telegram, pages):
    ada = telegram.customer(first_name="Ada")
    page = pages.open()
    held = []
    page.route("**/transcript?*", lambda route: held.append((route, route.fetch())))
    page.goto(telegram.url)
    row = page.locator(".row", has_text="Ada")
    row.click()
    while not held:
        page.wait_for_timeout(20)
    telegram.call("sendMessage", chat_id=ada, text="a word")
    expect(row).to_contain_text("a word")
    for route, older in held:
        route.fulfill(response=older)
    expect(page.locator(".bubble").last).to_contain_text("a word")


@pytest.mark.e2e
def test_it_teaches_the_first_step(telegram, pages):
    telegram.post("/reset")
    page = pages.open()
    page.goto(telegram.url)
    page.get_by_role("main").get_by_role("button", name="New bot").click()
    page.get_by_label("Name", exact=True).fill("Acme")
    page.get_by_label("Username").fill("acme_bot")
    page.get_by_role("button", name="Create").click()
    token = telegram.get("/bots")["bots"][0]["token"]
    expect(page.locator(".token")).to_have_text(token)
