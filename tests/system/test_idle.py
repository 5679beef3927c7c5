"""Pages at which nothing happens stay connected."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.house import Agent, House

PAGES = 10
SECONDS = 60


@pytest.mark.long
@pytest.mark.timeout(600)
def test_no_idle_socket_is_closed(
    house: House, record_property: Callable[[str, object], None]
) -> None:
    def is_closed(number: int) -> bool:
        page = Agent(house, house.person(("Lena", "Tom", "Ivy")[number % 3]))
        page.opens_page()
        return page.is_cut_off(SECONDS)

    with ThreadPoolExecutor(PAGES) as pool:
        closed = list(pool.map(is_closed, range(PAGES)))
    record_property("closed", f"{sum(closed)} of {PAGES} in {SECONDS} s")
    assert not any(closed)
