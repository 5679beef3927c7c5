"""Browser tests: the real server, the simulator in Telegram's place, a real Chromium.

They are a pytest call of their own: the synchronous Playwright and pytest-asyncio cannot share a
process. Rows are out of reach here; a test acts and looks as people do, through `house` and pages.
"""

import json
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page

from tests.support import furnished
from tests.support.browser import Pages, Watch, chromium
from tests.support.house import Agent, House

PICTURES = Path(__file__).resolve().parent.parent.parent / "test-results"
FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The product in one process with the demo company, shared by a module's tests."""
    with furnished.one_process(tmp_path_factory.mktemp("house") / "data") as running:
        yield running


@pytest.fixture(autouse=True)
def told_on_failure(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the house and the customers' phones knew when a test failed, in the test's report."""
    yield
    shared = request.node.funcargs.get("house")
    if shared and request.node.stash.get(FAILED, False):
        snapshot = Agent(shared, shared.person("Marek")).snapshot()
        updates = requests.get(f"{shared.simulator}/control/updates?bot={shared.bot}", timeout=9)
        told = (
            snapshot["counts"],
            *snapshot["presence"],
            *snapshot["unassigned"],
            *updates.json()[-5:],
        )
        text = "\n".join(json.dumps(one) for one in told)
        request.node.add_report_section("teardown", "of the house", text)


@pytest.fixture
def full_house(tmp_path: Path) -> Iterator[House]:
    """One for this test alone, which leaves more behind than others can live with."""
    with furnished.one_process(tmp_path / "data") as running:
        yield running


@pytest.fixture
def everybody_is_away(house: House) -> None:
    """Whoever was online in an earlier test would get this one's sessions."""
    for name in ("Lena", "Tom", "Ivy"):
        away = Agent(house, house.person(name)).post("presence", status="away", confirmed=True)
        assert away.ok


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def pages(browser: Browser, watch: Watch, request: pytest.FixtureRequest) -> Iterator[Pages]:
    """Opens any number of pages. The test fails if anything went wrong on one of them."""
    opened = Pages(browser, watch)
    yield opened
    if request.node.stash.get(FAILED, False):
        text = "\n".join(opened.picture_all(PICTURES, request.node.name))
        request.node.add_report_section("teardown", "on the pages", text)
    opened.close()
    assert watch.unexpected() == []


@pytest.fixture
def page(pages: Pages) -> Page:
    """1440 px wide, light."""
    return pages.open()


@pytest.fixture
def dark_page(pages: Pages) -> Page:
    return pages.open(dark=True)


@pytest.fixture
def narrow_page(pages: Pages) -> Page:
    """As on a phone: 390 px, with touch."""
    return pages.open(narrow=True)
