"""What is long is begun first, and about as long in each worker's part."""

import pytest

from tests.support.order import SECONDS, long_ones_first

MARKS = {SECONDS["long"]: pytest.mark.long, SECONDS["slow"]: pytest.mark.slow}


class Item:
    def __init__(self, name: str, mark: pytest.Mark | None = None) -> None:
        self.name = name
        self.mark = mark

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return self.mark if self.mark and self.mark.name == name else None


def ordered(workers: int, quick: int, *seconds: int) -> str:
    items = [Item(f"q{number}") for number in range(quick)]
    for number, each in enumerate(seconds):
        items.append(Item(f"L{number}", MARKS.get(each, pytest.mark.long(seconds=each)).mark))
    return " ".join(item.name for item in long_ones_first(items, workers))


def test_without_long_ones_all_stays():
    assert ordered(2, 3) == "q0 q1 q2"


def test_each_part_begins_with_long_ones_and_a_quick_one_follows_each():
    parts = ordered(2, 6, 40, 20, 300, 10)
    # 10 tests, 5 a worker: 300 s in the first part, 70 in the second
    assert parts == "L2 q0 q1 q2 q3 L0 q4 L1 q5 L3"


def test_for_one_worker_all_stays():
    assert ordered(1, 2, 300, 40) == "q0 q1 L0 L1"


def test_more_long_ones_than_quick_ones_lose_none():
    assert sorted(ordered(3, 1, 5, 6, 7, 8, 9).split()) == ["L0", "L1", "L2", "L3", "L4", "q0"]
