"""Pages at which nothing happens stay connected."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.house import Agent, House

PAGES = 10
SECONDS = 60


@pytest.mark.long
@pytest.mark.timeout(300)
def test_no_idle_socket_is_closed(house: House) -> None:
    pages = [Agent(house, house.people[number % 3]) for number in range(PAGES)]
    for page in pages:
        page.opens_page()
    with ThreadPoolExecutor(PAGES) as pool:
        closed = list(pool.map(lambda page: page.is_cut_off(SECONDS), pages))
    assert closed == [False] * PAGES
