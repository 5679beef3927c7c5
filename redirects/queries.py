"""Reads worth a name. Links are reached through `access_managed_link`, or by their public code."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, QuerySet

from accounts.models import User
from bots.models import Bot
from projects.models import Project
from projects.queries import managed_projects
from redirects.errors import no_such_link
from redirects.models import CHECKER, Click, Link

State = Link.State

# Managers are warned so long before a link expires, and told of visits that came too late.
SOON, LATELY = timedelta(days=3), timedelta(days=7)
# Who opens such a link is led on at once. In the other states a page says what is the matter.
LEADS_ON = frozenset({State.ACTIVE, State.UNREAD, State.PAUSED})
UNREAD = frozenset({Bot.State.CONFLICT, Bot.State.ELSEWHERE, Bot.State.FAILING, Bot.State.DEAF})


def links_of(project: Project) -> list[Link]:
    """The newest first, with project and bot."""
    return list(Link.objects.kept().select_related("project__bot").filter(project=project))


def access_managed_link(user: User, public_id: UUID) -> Link:
    """A link of a project that the user manages. Raises Refusal `not_found`."""
    links = Link.objects.kept().select_related("project__company", "project__bot")
    link = links.filter(public_id=public_id, project__in=managed_projects(user)).first()
    if link is None:
        raise no_such_link()
    return link


@dataclass(frozen=True, slots=True)
class Way:
    """What the public path needs of a link."""

    code: str
    link: int
    project: int
    is_enabled: bool
    expires_at: datetime | None
    fallback_url: str
    is_archived: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a project's links lead. Without a bot `username` is empty and `bot_state` None."""

    company: str
    state: str
    keeps_ips: bool
    username: str
    bot_state: str | None


def find(code: str) -> tuple[Way, Place] | None:
    """Of a public address; archived links are not there any more."""
    for way, _serial in _ways(Link.objects.kept().filter(code=code)):
        place = _places(Project.objects.filter(pk=way.project)).get(way.project)
        return (way, place) if place else None
    return None


def ways(*, since: int) -> Iterator[tuple[Way, int]]:
    """Of the links that were changed after this serial, archived ones too, with their serials."""
    return _ways(Link.objects.filter(serial__gt=since))


def _ways(links: QuerySet[Link]) -> Iterator[tuple[Way, int]]:
    fields = ("code", "pk", "project_id", "is_enabled", "expires_at", "fallback_url")
    for (
        code,
        link,
        project,
        is_enabled,
        expires_at,
        fallback_url,
        archived_at,
        serial,
    ) in links.values_list(*fields, "archived_at", "serial"):
        is_archived = archived_at is not None
        way = Way(code, link, project, is_enabled, expires_at, fallback_url, is_archived)
        yield way, serial


def places() -> dict[int, Place]:
    """By the keys of their projects."""
    return _places(Project.objects.all())


def _places(projects: QuerySet[Project]) -> dict[int, Place]:
    fields = ("company__name", "state", "keeps_visitor_ips", "bot__username", "bot__state")
    rows = projects.filter(archived_at=None).values_list("pk", *fields)
    return {
        key: Place(company, state, keeps_ips, username or "", bot_state)
        for key, company, state, keeps_ips, username, bot_state in rows
    }


def state_of(link: Link, now: datetime) -> State:
    """Needs project and bot loaded."""
    bot = getattr(link.project, "bot", None)
    return _state(link, link.project.state, bot.state if bot else None, now)


def state_by(way: Way, place: Place, now: datetime) -> State:
    return _state(way, place.state, place.bot_state, now)


def _state(link: Link | Way, project: str, bot: str | None, now: datetime) -> State:
    if not link.is_enabled:
        return State.DISABLED
    if link.expires_at and link.expires_at <= now:
        return State.EXPIRED
    if bot is None:
        return State.NO_BOT
    if bot == Bot.State.INVALID or project == Project.State.BOT_INVALID:
        return State.BOT_INVALID
    if project == Project.State.PAUSED:
        return State.PAUSED
    return State.UNREAD if bot in UNREAD else State.ACTIVE


@dataclass(frozen=True)
class Counts:
    """People who opened a link, robots and the like left out, and how many of them pressed START."""

    visits: int = 0
    starts: int = 0


def counts_of(links: Collection[Link], since: datetime) -> dict[int, Counts]:
    """By the links' keys; links nobody has opened are not in it."""
    clicks = Click.objects.filter(link__in=links, at__gte=since, kind=Click.Kind.VISIT)
    rows = clicks.values("link").annotate(visits=Count("pk"), starts=Count("started_at"))
    return {row["link"]: Counts(row["visits"], row["starts"]) for row in rows.order_by()}


def latest_clicks(link: Link, count: int) -> list[Click]:
    """Without our own looks at the address."""
    clicks = Click.objects.filter(link=link).exclude(user_agent=CHECKER)
    return list(clicks.order_by("-at")[:count])


def is_ending(link: Link, now: datetime) -> bool:
    """It will expire within three days."""
    return bool(link.is_enabled and link.expires_at and now < link.expires_at <= now + SOON)


def missed(links: Collection[Link], now: datetime) -> dict[int, int]:
    """How many people have opened each of these links in the last days after it had expired."""
    over = [link for link in links if link.expires_at and link.expires_at <= now]
    if not over:
        return {}
    clicks = Click.objects.filter(
        link__in=over, at__gte=now - LATELY, kind=Click.Kind.VISIT, state=State.EXPIRED
    )
    rows = clicks.values("link").annotate(visits=Count("pk"))
    return {row["link"]: row["visits"] for row in rows.order_by()}
