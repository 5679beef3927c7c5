"""What is alarming now, in many projects at once: in as many queries for all as for one."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import translation

from bots.models import Bot
from bots.queries import heard
from core import clock, tx
from insights.checks.alarms import Sight, sights, told
from insights.checks.facts import Facts, Line, Person
from insights.models import AlarmRules, Answer
from projects.models import Project
from routing.models import Pool
from sessions_app.queries.outlook import Outlook, outlooks

# What the facts of a project are made of.
Parts = tuple[Project, datetime, Outlook, Bot | None, Answer | None]


@dataclass(frozen=True)
class Look:
    """What was seen at `at`, by (project, kind)."""

    at: datetime
    seen: dict[tuple[int, str], Sight]
    rules: dict[int, AlarmRules]


def watched() -> list[int]:
    """The keys of the projects that are in use."""
    rows = Project.objects.filter(archived_at=None).exclude(state=Project.State.DRAFT)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def look(project_ids: Collection[int]) -> Look:
    with tx.snapshot():
        projects = list(Project.objects.filter(pk__in=project_ids, archived_at=None))
        bots = Bot.objects.filter(project__in=projects).defer("token")
        by_project = {bot.project_id: bot for bot in bots}
        answers = {row.bot_id: row for row in Answer.objects.filter(bot__in=by_project.values())}
        stored = AlarmRules.objects.filter(project__in=projects)
        rules = {row.project_id: row for row in stored}
        at, outlook = clock.now(), outlooks(projects)
    seen = {}
    for project in projects:
        bot = by_project.get(project.pk)
        answer = answers.get(bot.pk) if bot else None
        mine = rules.setdefault(project.pk, AlarmRules(project=project))
        parts = (project, at, outlook[project.pk], bot, answer)
        for sight in _sights(parts, mine.thresholds()):
            seen[project.pk, sight.kind] = sight
    return Look(at, seen, rules)


def _sights(parts: Parts, thresholds: Mapping[str, timedelta]) -> Iterator[Sight]:
    """Told in every language: each who reads of an alarm has one of his own."""
    if not list(sights(_facts(*parts), thresholds)):
        return
    by_language = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            by_language[language] = list(sights(_facts(*parts), thresholds))
    yield from told(by_language)


def _facts(
    project: Project, at: datetime, outlook: Outlook, bot: Bot | None, answer: Answer | None
) -> Facts:
    """As far as alarms ask. Links, the queues of the bot, what was not delivered, and who has blocked
    the bot are no alarms."""
    pool, oldest = outlook.pool, outlook.oldest
    return Facts(
        project=project,
        now=at,
        mode=pool.get_mode_display(),
        scope=pool.get_scope_display(),
        is_specified=pool.scope == Pool.Scope.SPECIFIED,
        code=outlook.code,
        people=tuple(
            Person(
                name=place.agent.user.name,
                codes=tuple(place.codes),
                open=place.open,
                limit=place.agent.session_limit,
                is_next=place.is_next,
                pages=(),
                echo=None,
            )
            for place in outlook.places
        ),
        links=(),
        bot=bot,
        health=heard(bot) if bot else None,
        answer=answer,
        line=Line(oldest.waiting, oldest.number, oldest.since) if oldest else Line(),
        undelivered={},
        unreachable=0,
        hiding=(),
        trial=None,
    )
