"""Sixteen agents at one session at the same moment, each in a process of its own: one has it."""

from collections import Counter

import pytest

from sessions_app.models import Assignment, ChatSession
from tests.factories import make_agent, make_project, make_session
from tests.support.racing import PATIENCE_S, race
from tests.support.team import come_online

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

CLAIMANTS = 16
LOST = {"refused": "not_owner"}


@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(20, marks=[pytest.mark.slow, pytest.mark.brief]),
        pytest.param(1000, marks=pytest.mark.long(seconds=300)),
    ],
)
def test_one_of_sixteen_processes_wins_each_round(
    rounds, settings, database_url, tmp_path, record_property
):
    settings.LEASE_SECONDS = PATIENCE_S  # nobody goes offline meanwhile
    project = make_project()
    agents = [make_agent(project, f"Agent {number}") for number in range(CLAIMANTS)]
    come_online(*agents)
    sessions = [make_session(project) for _ in range(rounds)]

    claims = [
        [("claim", {"session": session.pk, "by": agent.user_id}) for agent in agents]
        for session in sessions
    ]
    told = race(database_url, tmp_path, claims)

    winners = [
        [agent.pk for agent, answer in zip(agents, answers, strict=True) if answer is None]
        for answers in told
    ]
    record_property("won", f"by one of {CLAIMANTS} in {sum(len(w) == 1 for w in winners)}/{rounds}")
    assert [len(those) for those in winners] == [1] * rounds
    assert all(answer in (None, LOST) for answers in told for answer in answers)
    owners = dict(ChatSession.objects.values_list("pk", "owner"))
    assert [[owners[session.pk]] for session in sessions] == winners
    running = Assignment.objects.filter(ended_at=None).values_list("session", flat=True)
    assert Counter(running) == Counter(session.pk for session in sessions)
