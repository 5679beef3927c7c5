"""The collector of cycles in processes that live long."""

import subprocess

from tests.support.processes import python

SETTLED = """
import gc
from core import memory
memory.settle()
print(gc.get_freeze_count() > 1000, gc.get_threshold() == memory.THRESHOLDS, gc.isenabled())
"""


def test_what_is_there_is_frozen_and_the_rest_looked_through_seldom():
    said = subprocess.run(python(SETTLED), capture_output=True, text=True, check=True).stdout
    assert said.split() == ["True", "True", "True"]
