"""Pausing a project, and what it is once it goes on: that depends on its bot."""

from accounts.models import User
from bots.models import Bot
from core import tx
from projects.actions import set_state
from projects.models import Project

State = Project.State


def pause(*, project: Project, actor: User | None) -> None:
    """Nothing is routed until it is resumed; what agents own they can still answer."""
    with tx.change():
        (project,) = tx.lock(Project.objects.filter(pk=project.pk))
        if project.state != State.DRAFT:  # nothing to pause: without a bot nobody can write
            set_state(project=project, state=State.PAUSED, actor=actor)


def resume(*, project: Project, actor: User | None) -> None:
    """Nothing happens if it is not paused."""
    with tx.change():
        (project,) = tx.lock(Project.objects.filter(pk=project.pk))
        if project.state == State.PAUSED:
            set_state(project=project, state=_by_bot(project), actor=actor)


def _by_bot(project: Project) -> str:
    bot = Bot.objects.filter(project=project).first()
    if bot is None:
        return State.DRAFT
    return State.BOT_INVALID if bot.state == Bot.State.INVALID else State.ACTIVE
