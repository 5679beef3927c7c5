"""Looking at a project with the doctor's eyes."""

from datetime import datetime, timedelta

from django.urls import reverse

from core import clock
from insights.checks import Check, examine
from insights.queries import facts
from projects.models import Project
from sessions_app.models import ChatSession
from tests.factories import make_message, make_session


def ago(**span: float) -> datetime:
    return clock.now() - timedelta(**span)


def checks(project: Project) -> dict[str, Check]:
    return {check.code: check for check in examine(facts(project)).checks}


def failing(project: Project, code: str) -> tuple[str, set[str]]:
    """The check, which fails: all it says, and where its fixes lead."""
    check = checks(project)[code]
    assert check.state == "fail", check
    assert check.fixes
    return " ".join(check.evidence), {fix.link for fix in check.fixes}


def passing(project: Project, code: str) -> str:
    check = checks(project)[code]
    assert (check.state, check.fixes) == ("pass", ()), check
    return " ".join(check.evidence)


def page_of(project: Project, name: str) -> str:
    return reverse(f"console:{name}", args=[project.public_id])


def hidden(project: Project) -> ChatSession:
    """A customer wrote to a completed session, and no rule opened a new one."""
    session = make_session(project, state="completed", completed_at=ago(minutes=1))
    make_message(session)
    return session
