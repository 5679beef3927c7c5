"""What the doctor looks at: one snapshot of a project, in a number of queries that does not grow."""

from datetime import datetime, timedelta

from django.db.models import Count, Q

from bots.models import Bot
from bots.queries import health, unsuccessful
from core import clock, retention, tx
from insights.checks.facts import Echo, Facts, Line, LinkFact, Page, Person, TrialFact
from insights.models import Answer
from projects.models import Project
from redirects.queries import is_ending, links_of, missed, state_of
from routing.models import Lease, Pool
from routing.queries import open_pages, project_code
from sessions_app.console import words
from sessions_app.models import ChatSession, DryRun, Ping
from sessions_app.queries.completed import hiding
from sessions_app.queries.line import too_old_before
from sessions_app.queries.pings import latest_pings
from sessions_app.queries.rehearsal import Place, places
from sessions_app.queries.team import pool_of

HIDING = 5
# A test ping says something about now for so long.
PINGED = timedelta(hours=1)
# And so does a dry run.
TRIED = timedelta(hours=1)


def facts(project: Project) -> Facts:
    """The project now. What a rule says is asked of the rule: see routing.choice."""
    with tx.snapshot():
        project = Project.objects.get(pk=project.pk)
        now, pool, bot = clock.now(), pool_of(project), _bot(project)
        return Facts(
            project=project,
            now=now,
            mode=pool.get_mode_display(),
            scope=pool.get_scope_display(),
            is_specified=pool.scope == Pool.Scope.SPECIFIED,
            code=project_code(project),
            people=_people(project, now),
            links=_links(project, now),
            bot=bot,
            health=health(bot) if bot else None,
            answer=Answer.objects.filter(bot=bot).first() if bot else None,
            line=_line(pool),
            undelivered=_undelivered(bot) if bot else {},
            unreachable=_unreachable(project),
            trial=_trial(bot, now) if bot else None,
            hiding=tuple(hiding(project).values_list("number", flat=True)[:HIDING]),
        )


def _trial(bot: Bot, now: datetime) -> TrialFact | None:
    run = DryRun.objects.filter(bot=bot, asked_at__gt=now - TRIED).order_by("-asked_at").first()
    if run is None:
        return None
    names = run.agents.order_by("position").values_list("user__name", flat=True)
    return TrialFact(run.asked_at, run.taken_at, run.decided_at, tuple(names), run.code)


def _links(project: Project, now: datetime) -> tuple[LinkFact, ...]:
    links = links_of(project)
    late = missed(links, now)
    return tuple(
        LinkFact(
            name=link.name,
            state=state_of(link, now),
            check=link.check_state,
            said=words.link_check(link, now),
            ends_at=link.expires_at if is_ending(link, now) else None,
            missed=late.get(link.pk, 0),
        )
        for link in links
    )


def _bot(project: Project) -> Bot | None:
    return Bot.objects.filter(project=project).defer("token").first()


def _people(project: Project, now: datetime) -> tuple[Person, ...]:
    team = places(project)
    people = [place.agent.user_id for place in team]
    pages, pings = open_pages(people), latest_pings(people, now - PINGED)
    return tuple(
        _person(place, pages[place.agent.user_id], pings.get(place.agent.user_id), now)
        for place in team
    )


def _person(place: Place, pages: list[Lease], ping: Ping | None, now: datetime) -> Person:
    return Person(
        name=place.agent.user.name,
        codes=tuple(place.codes),
        open=place.open,
        limit=place.agent.session_limit,
        is_next=place.is_next,
        pages=tuple(
            Page(page.notify, page.sound, (page.expires_at - now).total_seconds()) for page in pages
        ),
        echo=_echo(ping) if ping else None,
    )


def _echo(ping: Ping) -> Echo:
    receipts = list(ping.receipts.all())
    return Echo(
        sent_at=ping.sent_at,
        pages=ping.pages,
        answered=len(receipts),
        after_s=max((row.after_ms(ping) for row in receipts), default=0) / 1000,
        is_shown=any(row.shown for row in receipts),
    )


def _line(pool: Pool) -> Line:
    waiting = ChatSession.objects.filter(project=pool.project).waiting()
    oldest = waiting.order_by("waiting_since", "pk").values("number", "waiting_since").first()
    if oldest is None:
        return Line()
    too_old = Q(waiting_since__lte=too_old_before(pool))
    counted = waiting.aggregate(waiting=Count("pk"), too_old=Count("pk", filter=too_old))
    return Line(number=oldest["number"], since=oldest["waiting_since"], **counted)


def _undelivered(bot: Bot) -> dict[tuple[str, str], int]:
    today = unsuccessful().filter(bot=bot, created_at__gte=retention.before(days=1))
    counted = today.values("state", "error_code").annotate(count=Count("pk"))
    return {(row["state"], row["error_code"]): row["count"] for row in counted.order_by()}


def _unreachable(project: Project) -> int:
    """Asked state by state, as the indices over them are written."""
    left = Q(project=project, customer__blocked_at__isnull=False)
    states = (ChatSession.State.UNASSIGNED, ChatSession.State.ASSIGNED)
    return sum(ChatSession.objects.filter(left, state=state).count() for state in states)
