"""The counts of a snapshot come out of small indexes, however many sessions a project has had."""

import pytest

from sessions_app.models import ChatSession
from sessions_app.queries import pages
from sessions_app.queries.access import access_viewer
from tests.factories import make_agent, make_bot, make_member, make_project, make_sessions

pytestmark = pytest.mark.django_db

State = ChatSession.State


@pytest.fixture
def project():
    project = make_bot(make_project()).project
    alice, bob = make_agent(project, "Alice"), make_agent(project, "Bob")
    make_sessions(project, 40, owners=[alice, bob, alice, None])
    make_sessions(project, 60, owners=[alice, bob])
    newest = ChatSession.objects.filter(owner__isnull=False).order_by("-pk")[:60].values("pk")
    ChatSession.objects.filter(pk__in=list(newest.values_list("pk", flat=True))).update(
        state=State.COMPLETED
    )
    return project


def viewers(project):
    agents = [agent.user for agent in project.agents.order_by("position")]
    return [make_member(project.company, role="manager").user, *agents]


def test_they_are_what_the_viewer_sees(project):
    for user in viewers(project):
        viewer = access_viewer(user, project.public_id)
        rows = list(viewer.sessions())
        counted = pages._counts(viewer)
        assert counted == {
            "mine": sum(r.state == State.ASSIGNED and r.owner == viewer.agent for r in rows),
            "unassigned": sum(r.state == State.UNASSIGNED for r in rows),
            "assigned": sum(r.state == State.ASSIGNED for r in rows),
            "completed": sum(r.state == State.COMPLETED for r in rows),
        }
        assert counted["completed"] > 0


def test_completed_ones_are_counted_to_a_bound(project, monkeypatch):
    monkeypatch.setattr(pages, "COUNTED", 7)
    manager = access_viewer(viewers(project)[0], project.public_id)
    assert pages._counts(manager)["completed"] == 7
