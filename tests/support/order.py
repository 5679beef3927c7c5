"""The order in which a pass takes its tests, so that no worker ends long after the others."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import pytest

# Of a test with this mark that does not say how long it takes on two cores.
SECONDS = {"long": 20, "slow": 10}


class Marked(Protocol):
    """A test of pytest's."""

    def get_closest_marker(self, name: str) -> pytest.Mark | None: ...


T = TypeVar("T", bound=Marked)


def long_ones_first(items: Sequence[T], workers: int) -> list[T]:
    """Each worker's part begins with tests marked long or slow, about as many seconds in each.

    xdist's `worksteal` cuts the tests into parts that are equally many, one after the other, and
    whoever is done takes over from the end of another's; but never the test that comes next there,
    so a long one is followed by a quick one. One worker takes them as they come: there the tests of
    a file, which may share a house, stay together.
    """
    if workers == 1:
        return list(items)
    costs = {item: _seconds(item) for item in items}
    quick = [item for item in items if not costs[item]]
    heavy: list[list[T]] = [[] for _ in range(workers)]
    for item in sorted(
        (item for item in items if costs[item]), key=costs.__getitem__, reverse=True
    ):
        min(heavy, key=lambda part: sum(costs[one] for one in part)).append(item)
    ordered: list[T] = []
    for number, part in enumerate(heavy):
        end = (len(items) - len(ordered)) // (workers - number) + len(ordered)
        for item in part:
            ordered += [item, *quick[:1]]
            del quick[:1]
        room = max(0, end - len(ordered))
        ordered += quick[:room]
        del quick[:room]
    return [*ordered, *quick]


def _seconds(item: Marked) -> int:
    for name, usual in SECONDS.items():
        mark = item.get_closest_marker(name)
        if mark:
            return int(mark.kwargs.get("seconds", usual))
    return 0
