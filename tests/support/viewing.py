"""A page that is loaded once and then lives by what its viewer is told."""

import json
from typing import Any

from accounts.models import User
from live.events import item
from live.queries import events_after
from projects.models import Project
from sessions_app.queries import feed_access
from sessions_app.queries.pages import COMPLETED, snapshot
from tests.support.reducer import after

Json = dict[str, Any]


def fresh(user: User, project: Project) -> Json:
    return dict(json.loads(json.dumps(snapshot(user, project.public_id))))


def shown(page: Json) -> Json:
    """Of the completed the newest, as a page begins. Read marks count where their sessions are
    listed. A page may remember more of both."""
    completed = page["completed"][:COMPLETED]
    rows = [*page["mine"], *page["unassigned"], *completed]
    reads = {row["id"]: page["reads"].get(row["id"], 0) for row in rows}
    return page | {"completed": completed, "reads": reads}


def events_for(user: User, project: Project, *, since: int) -> list[Json]:
    """What the socket gives this person after an event's number."""
    tags = feed_access(user.pk, project.public_id)
    assert tags is not None
    texts = [item(event).seen_by(tags) for event in events_after(project.public_id, since, 100_000)]
    return [json.loads(text) for text in texts if text]


def caught_up(page: Json, user: User, project: Project) -> Json:
    """The page after everything it may see, and its head moved on over what it may not."""
    upto = fresh(user, project)["head"]
    return after(page, events_for(user, project, since=page["head"])) | {"head": upto}
