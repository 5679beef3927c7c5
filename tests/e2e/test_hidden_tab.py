"""Tabs that nobody looks at, as browsers treat them: slowed down to a wake-up a minute."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import furnished
from tests.support.devtools import Chrome, Tab, chrome
from tests.support.house import Agent, House
from tests.support.waiting import until

# Times at which a timer of a hidden page is too slow: with the usual ones (25 and 90) a wake-up a
# minute is just often enough, as long as the browser does no worse.
BEAT_S, LEASE_S = 8, 30
# Until Chromium slows a tab down: a minute after it was loaded, and then the first long gap.
SLOW_S = 200
WATCHED_S = 120

PROBE = """
    globalThis.gap = 0;
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      gap = Math.max(gap, now - last);
      last = now;
    }, 1000);
"""
# The page's beat by a timer of its own, as it would be without a worker.
MAIN_THREAD = """
    globalThis.Worker = class {
      postMessage(seconds) { setInterval(() => this.onmessage({ data: "beat" }), seconds * 1000); }
    };
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data = tmp_path_factory.mktemp("house") / "data"
    times = {"BEAT_SECONDS": str(BEAT_S), "LEASE_SECONDS": str(LEASE_S)}
    with furnished.one_process(data, without=(), **times) as running:
        yield running


@pytest.fixture
def lena(house: House) -> Agent:
    return Agent(house, house.person("Lena"))


@pytest.fixture
def window(tmp_path: Path, lena: Agent) -> Iterator[Chrome]:
    """A browser in which Lena has signed in."""
    with chrome(tmp_path / "profile") as browser:
        browser.signs_in(lena)
        yield browser


def open_app(window: Chrome, lena: Agent, before: str = "") -> Tab:
    tab = window.opens(f"{lena.web}/app/", before=PROBE + before)
    tab.waits_for("document.querySelector('.me.good')?.innerText.includes('you receive')")
    return tab


def hide(window: Chrome, *tabs: Tab) -> None:
    """Something else is looked at."""
    window.opens("about:blank").comes_to_the_front()
    for tab in tabs:
        tab.waits_for("document.visibilityState === 'hidden'")


def states(colleague: Agent, seconds: float) -> dict[str, list[str]]:
    """By first name, everybody's states as a colleague sees them, now and in the time to come."""
    seen = {row["name"]: [row["state"]] for row in colleague.opens_page()["presence"]}
    colleague.events.clear()
    assert not colleague.is_cut_off(seconds)
    for event in colleague.events:
        if event["kind"] == "presence.changed":
            seen[event["data"]["name"]].append(event["data"]["state"])
    return {name.split()[0]: told for name, told in seen.items()}


def is_slow(tab: Tab) -> bool:
    return bool(tab.evaluate("gap > 30_000 && document.visibilityState === 'hidden'"))


@pytest.mark.long(seconds=250)
@pytest.mark.timeout(600)
def test_only_a_hidden_tab_with_a_beat_of_its_own_blinks_in_two_minutes(
    house: House,
    window: Chrome,
    lena: Agent,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    tom, marek = Agent(house, house.person("Tom")), Agent(house, house.person("Marek"))
    assert marek.post("presence", status="away", confirmed=True).ok
    with chrome(tmp_path / "tom") as other:
        other.signs_in(tom)
        tab, naive = open_app(window, lena), open_app(other, tom, MAIN_THREAD)
        hide(window, tab)
        hide(other, naive)
        until(lambda: is_slow(tab) and is_slow(naive), SLOW_S)
        seen = states(marek, WATCHED_S)
        told = f"{seen['Lena']}, with a beat by the page's timer {seen['Tom']}"
        record_property(f"hidden for {WATCHED_S} s", told)
        assert seen["Lena"] == ["hidden"]
        assert "offline" in seen["Tom"]
        assert tom.post("presence", status="away", confirmed=True).ok
        house.customer("Yuki").says("Is anybody there?")
        tab.waits_for(listed("Yuki"))
        assert is_slow(tab)


# ---------------------------------------------------------------- notifications

SHOWN = """
    navigator.serviceWorker.getRegistration("/app/notices.js")
      .then((one) => one?.getNotifications())
      .then((all) => (all ?? []).map(({ title, body, data }) => [title, body, data]))
"""
# What the browser has shown. To ask for what it shows while it begins to show something can make
# Chromium forget that: whoever waits for a notification looks here.
RECORD = """
    globalThis.told = [];
    const { prototype } = ServiceWorkerRegistration;
    const show = prototype.showNotification;
    prototype.showNotification = async function (title, options) {
      await show.call(this, title, options);
      told.push([title, options.body]);
    };
"""
# After RECORD. Whoever looks comes while a notification is on its way.
LATE_SHOW = """
    const soon = prototype.showNotification;
    prototype.showNotification = async function (...what) {
      globalThis.isOnItsWay = true;
      while (document.hidden || !globalThis.hasCleared)
        await new Promise((later) => setTimeout(later, 20));
      return soon.apply(this, what);
    };
    const all = prototype.getNotifications;
    prototype.getNotifications = async function () {
      const found = await all.call(this);
      globalThis.hasCleared = true;
      return found;
    };
"""
# The lock that a page in front asks for is granted only when it is no longer there.
LATE_LOCK = """
    const { request } = LockManager.prototype;
    LockManager.prototype.request = async function (name, ...more) {
      while (name === "tgstaff.sight" && !document.hidden)
        await new Promise((later) => setTimeout(later, 20));
      return request.call(this, name, ...more);
    };
"""
# As a click by the person: which may not bring a window to the front when a test does it.
CLICK = """
    registration.getNotifications().then(([first]) =>
      dispatchEvent(new NotificationEvent("notificationclick", { notification: first })))
"""


def listed(name: str) -> str:
    return f"[...document.querySelectorAll('.row')].some((row) => row.innerText.includes('{name}'))"


def hidden_tab(window: Chrome, lena: Agent, before: str) -> Tab:
    """The only one of the app, which may show notifications."""
    window.lets_notify(lena.web)
    tab = open_app(window, lena, before)
    hide(window, tab)
    return tab


def told(*tabs: Tab) -> list[list[str]]:
    """Title and text of each notification that these tabs have shown."""
    return [notice for tab in tabs for notice in tab.evaluate("told")]


def shown(tab: Tab) -> list[list[Any]]:
    return list(tab.evaluate(SHOWN))


def test_a_session_is_told_once_over_all_hidden_tabs_and_a_click_opens_it(
    house: House, window: Chrome, lena: Agent
) -> None:
    window.lets_notify(lena.web)
    tabs = [open_app(window, lena, RECORD) for _ in range(2)]
    hide(window, *tabs)
    mei = house.customer("Mei", starts=False)
    mei.says("Where is my kettle?")
    until(lambda: told(*tabs))
    ((title, body, session),) = shown(tabs[0])
    assert (title, body) == ("New session: Mei", "Where is my kettle?")

    mei.says("And the blue one?")
    until(lambda: ["Mei", "And the blue one?"] in told(*tabs))
    assert [row[1] for row in shown(tabs[0])] == ["And the blue one?"]
    assert sorted(title for title, _ in told(*tabs)) == ["Mei", "New session: Mei"]

    for tab in tabs:
        tab.evaluate("history.replaceState(null, '', '/app/')")
    window.worker("/app/notices.js").evaluate(CLICK)
    until(lambda: any(tab.evaluate("location.hash") == f"#{session}" for tab in tabs))
    assert shown(tabs[0]) == []


def test_nothing_is_told_while_a_tab_is_looked_at_and_it_is_taken_back_when_one_is(
    house: House, window: Chrome, lena: Agent
) -> None:
    window.lets_notify(lena.web)
    hidden, seen = (open_app(window, lena, RECORD) for _ in range(2))
    hidden.waits_for("document.visibilityState === 'hidden'")
    uma = house.customer("Uma")
    uma.says("one")
    for tab in (hidden, seen):
        tab.waits_for(listed("Uma"))
    assert shown(seen) == []

    hide(window, seen)
    uma.says("two")
    until(lambda: ["Uma", "two"] in told(hidden, seen))
    assert [row[1] for row in shown(seen)] == ["two"]
    seen.comes_to_the_front()
    until(lambda: shown(seen) == [])


def test_what_comes_too_late_is_taken_back_at_once(
    house: House, window: Chrome, lena: Agent
) -> None:
    tab = hidden_tab(window, lena, RECORD + LATE_SHOW)
    house.customer("Kim", starts=False).says("hello")
    tab.waits_for("globalThis.isOnItsWay")
    tab.comes_to_the_front()
    until(lambda: told(tab) == [["New session: Kim", "hello"]])
    until(lambda: shown(tab) == [])


def test_a_tab_that_is_hidden_at_once_keeps_nothing_back(
    house: House, window: Chrome, lena: Agent
) -> None:
    tab = hidden_tab(window, lena, RECORD + LATE_LOCK)
    house.customer("Wim", starts=False).says("hello")
    until(lambda: told(tab) == [["New session: Wim", "hello"]])


def test_without_leave_nothing_is_told_and_nobody_is_asked(
    house: House, window: Chrome, lena: Agent
) -> None:
    asked = "globalThis.asked = 0; Notification.requestPermission = async () => { asked += 1; };"
    tab = open_app(window, lena, asked)
    assert tab.evaluate("Notification.permission") != "granted"
    hide(window, tab)
    house.customer("Vera").says("hello")
    tab.waits_for(listed("Vera"))
    assert tab.evaluate("asked") == 0
    assert shown(tab) == []
