"""What aiogram costs: only the gateway pays for it, and not for types that it never uses."""

import pytest

from tests.support.processes import python, said, started

EVERYONES = """
import sys
import bots.models, bots.queries, bots.wire, bots.ports, bots.periodic, bots.urls
import bots.actions.bots, bots.actions.inbox, bots.actions.outbox
import bots.actions.leases, bots.actions.reading
"""
ASK = "print('aiogram' in sys.modules, flush=True)"


@pytest.mark.slow
@pytest.mark.parametrize(("more", "answer"), [("", "False"), ("import bots.gateway\n", "True")])
def test_only_the_gateway_imports_aiogram(tmp_path, more, answer):
    log = tmp_path / "log"
    with started(python(EVERYONES + more + ASK), log):
        said(log, answer)


@pytest.mark.slow
def test_the_gateway_leaves_aiograms_types_unbuilt(tmp_path):
    built = "from aiogram.types import Message\nprint(Message.__pydantic_complete__, flush=True)"
    log = tmp_path / "log"
    with started(python(EVERYONES + "import bots.gateway\n" + built), log):
        said(log, "False")
