"""A real Chromium, and pages that remember what went wrong on them."""

import atexit
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    Response,
    expect,
    sync_playwright,
)

from tests.support.house import House
from tests.support.phases import find_chromium

ARGUMENTS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}
PATIENCE_MS = 15_000

expect.set_options(timeout=PATIENCE_MS)


@cache
def _playwright() -> Playwright:
    """One for the process: a second one finds the first one's event loop running and refuses."""
    running = sync_playwright().start()
    atexit.register(running.stop)
    return running


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """Chromium as it is installed here; `more` are arguments of its command line."""
    program = find_chromium()
    assert program, "no Chromium: see ./test --help"
    browser = _playwright().chromium.launch(
        executable_path=program, args=[*ARGUMENTS, *more], handle_sigint=False
    )
    yield browser
    browser.close()


class Watch:
    """What went wrong on some pages: errors on the console (a violated content policy is one),
    exceptions nobody caught, answers of 500 and more."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.expected: list[str] = []

    def follow(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text} ({message.location.get('url')})")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"answer {response.status}: {response.url}")

    def expect(self, pattern: str) -> None:
        """Let faults that match pass: for a test that provokes them."""
        self.expected.append(pattern)

    def unexpected(self) -> list[str]:
        return [
            fault
            for fault in self.faults
            if not any(re.search(pattern, fault) for pattern in self.expected)
        ]


class Pages:
    """Opens pages, each in a private window of its own, all watched."""

    def __init__(self, browser: Browser, watch: Watch) -> None:
        self.browser, self.watch = browser, watch
        self.opened: list[Page] = []

    def open(self, *, dark: bool = False, narrow: bool = False, **options: Any) -> Page:
        """A blank page; `options` are those of a browser context (locale, permissions, ...)."""
        options.setdefault("viewport", NARROW if narrow else WIDE)
        options.setdefault("has_touch", narrow)
        context = self.browser.new_context(color_scheme="dark" if dark else "light", **options)
        context.set_default_timeout(PATIENCE_MS)
        context.on("page", self.watch.follow)
        page = context.new_page()
        self.opened.append(page)
        return page

    def signed_in(self, house: House, first_name: str, **how: Any) -> Page:
        """A page on which this person of the house has signed in by the form."""
        page = self.open(**how)
        sign_in(page, house, first_name)
        return page

    def picture_all(self, folder: Path, name: str) -> Iterator[str]:
        """A picture of each that is open, and its text."""
        folder.mkdir(exist_ok=True)
        for number, page in enumerate(self.opened, start=1):
            if not page.is_closed():
                page.screenshot(path=folder / f"{name}-{number}.png")
                yield f"{page.url}\n{page.locator('body').inner_text()[:3000]}"

    def close(self) -> None:
        for page in self.opened:
            page.context.close()


def sign_in(page: Page, house: House, first_name: str) -> None:
    person = house.person(first_name)
    page.goto(f"{house.web}/sign-in/")
    page.locator('input[name="username"]').fill(person.email)
    page.locator('input[name="password"]').fill(person.password)
    page.locator('input[name="password"]').press("Enter")
    page.wait_for_url(lambda address: "/sign-in/" not in address)
