"""core.ending: a process that was told to end is gone after a while, whatever hangs."""

import os
import subprocess

from tests.support.processes import ROOT, python

HANGS = """
import threading
from core import ending
ending.SECONDS = 0.2
assert not ending.has_begun()
ending.begin()
ending.begin()
assert ending.has_begun()
threading.Event().wait()
"""


def test_what_hangs_is_cut_off_and_says_so():
    done = subprocess.run(python(HANGS), cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == os.EX_TEMPFAIL
    assert "what is left is cut off" in done.stderr
