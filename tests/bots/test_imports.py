"""aiogram costs seconds and 157 MiB: only the gateway pays for it."""

import pytest

from tests.support.processes import python, said, started

EVERYONES = """
import sys
import bots.models, bots.queries, bots.wire, bots.ports, bots.periodic, bots.urls
import bots.actions.bots, bots.actions.inbox, bots.actions.outbox
import bots.actions.leases, bots.actions.reading
"""
ASK = "print('aiogram' in sys.modules, flush=True)"


@pytest.mark.parametrize(("more", "answer"), [("", "False"), ("import bots.gateway\n", "True")])
def test_only_the_gateway_imports_aiogram(tmp_path, more, answer):
    log = tmp_path / "log"
    with started(python(EVERYONES + more + ASK), log):
        said(log, answer)
