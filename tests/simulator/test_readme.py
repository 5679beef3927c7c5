"""The table of behaviours names tests that exist, and methods and faults that do."""

import re
from pathlib import Path

from simulator.faults import KINDS
from simulator.methods import METHODS

HERE = Path(__file__).parent
README = (HERE.parent.parent / "simulator" / "README.md").read_text()


def test_it_names_tests_that_exist():
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", README)
    assert len(named) > 40
    missing = [
        f"{file}::{name}" for file, name in named if f"def {name}(" not in (HERE / file).read_text()
    ]
    assert missing == []


def test_it_names_every_fault():
    assert [kind for kind in sorted(KINDS) if f"`{kind}`" not in README] == []


def test_it_names_every_method():
    start = README.index("\nMethods: ")
    listed = README[start : README.index("`404", start)]
    words = set(re.findall(r"\w+", listed))
    assert [name for name in METHODS if name not in words] == []
