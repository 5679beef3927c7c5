"""What is long is begun first, and about as long in each worker's part."""

import pytest

from tests.support.order import SECONDS, long_ones_first


class Item:
    def __init__(self, name: str, mark: pytest.Mark | None = None) -> None:
        self.name = name
        self.mark = mark

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return self.mark


def ordered(workers: int, quick: int, *seconds: int) -> str:
    items = [Item(f"q{number}") for number in range(quick)]
    for number, each in enumerate(seconds):
        mark = pytest.mark.long if each == SECONDS else pytest.mark.long(seconds=each)
        items.append(Item(f"L{number}", mark.mark))
    return " ".join(item.name for item in long_ones_first(items, workers))


def test_without_long_ones_all_stays():
    assert ordered(2, 3) == "q0 q1 q2"


def test_each_part_begins_with_long_ones_and_a_quick_one_follows_each():
    parts = ordered(2, 6, 40, SECONDS, 300, 200)
    # 10 tests, 5 a worker: 300 s in the first part, 260 in the second
    assert parts == "L2 q0 q1 q2 q3 L3 q4 L0 q5 L1"


def test_more_long_ones_than_quick_ones_lose_none():
    assert sorted(ordered(3, 1, 5, 6, 7, 8, 9).split()) == ["L0", "L1", "L2", "L3", "L4", "q0"]
