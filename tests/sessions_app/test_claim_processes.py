"""Sixteen agents at one session at the same moment, each in a process of its own: one has it."""

import json
from collections import Counter

import pytest

from sessions_app.models import Assignment, ChatSession
from tests.factories import make_agent, make_project, make_session
from tests.support.processes import python, started
from tests.support.team import come_online

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

CLAIMANTS = 16
PATIENCE_S = 1800

# Prints, round by round, who won. Forked before the first connection, which no two may share.
CLAIMING = """
import json
import multiprocessing
from functools import partial

from accounts.models import User
from core import tx
from core.errors import Refusal
from sessions_app.actions.ownership import claim
from sessions_app.models import ChatSession

sessions, users = %s
fork = multiprocessing.get_context("fork")
together = fork.Barrier(len(users))
won = fork.Array("i", len(sessions) * len(users))

def run(place, user):
    actor = User.objects.get(pk=user)
    for turn, key in enumerate(sessions):
        session = ChatSession.objects.get(pk=key)
        together.wait(60)
        try:
            tx.run(claim, session=session, actor=actor)
            won[turn * len(users) + place] = 1
        except Refusal as refusal:
            assert refusal.code == "not_owner", refusal.code

people = [fork.Process(target=run, args=pair) for pair in enumerate(users)]
for one in people:
    one.start()
for one in people:
    one.join()
assert [one.exitcode for one in people] == [0] * len(users)
print(json.dumps([
    [user for place, user in enumerate(users) if won[turn * len(users) + place]]
    for turn in range(len(sessions))
]), flush=True)
"""


@pytest.fixture
def winners(database_url, tmp_path):
    def run(sessions, agents):
        script = CLAIMING % json.dumps(
            [[session.pk for session in sessions], [agent.user_id for agent in agents]]
        )
        log = tmp_path / "log"
        given = {"DATABASE_URL": database_url, "DB_POOL_SIZE": "1", "PYTHONWARNINGS": "ignore"}
        with started(python(script), log, given) as process:
            assert process.wait(PATIENCE_S) == 0, log.read_text()[-3000:]
        return json.loads(log.read_text().splitlines()[-1])

    return run


@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.parametrize(
    "rounds",
    [pytest.param(20, marks=pytest.mark.slow), pytest.param(1000, marks=pytest.mark.long)],
)
def test_one_of_sixteen_processes_wins_each_round(winners, rounds, settings, record_property):
    settings.LEASE_SECONDS = PATIENCE_S  # nobody goes offline meanwhile
    project = make_project()
    agents = [make_agent(project, f"Agent {number}") for number in range(CLAIMANTS)]
    come_online(*agents)
    sessions = [make_session(project) for _ in range(rounds)]

    won = winners(sessions, agents)

    record_property("won", f"by one of {CLAIMANTS} in {sum(len(n) == 1 for n in won)} of {rounds}")
    assert [len(names) for names in won] == [1] * rounds
    owners = dict(ChatSession.objects.values_list("pk", "owner__user"))
    assert [owners[session.pk] for session in sessions] == [names[0] for names in won]
    running = Assignment.objects.filter(ended_at=None).values_list("session", flat=True)
    assert Counter(running) == Counter(session.pk for session in sessions)
