"""Every change of redirect links."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.actions import record_audit
from accounts.models import AuditEntry, User
from core import clock, kick, tx
from core.validation import validate
from projects.models import Agent, Project
from redirects import table
from redirects.errors import changed_meanwhile, foreign_agents
from redirects.models import Link, LinksVersion

AT_ONCE = 1000
FIELDS = frozenset(
    {
        "name",
        "campaign",
        "note",
        "is_enabled",
        "expires_at",
        "fallback_url",
        "greeting",
        "patience_s",
    }
)


def create_link(
    *, project: Project, actor: User | None, agents: Sequence[Agent] = (), **fields: Any
) -> Link:
    """A link with an address of its own. Raises Refusal `invalid`."""
    link = Link(project=project, **_known(fields))
    validate(link)
    with tx.change():
        link.save()
        _set_agents(link, agents)
        tx.at_commit(_publish, link.pk)
        _audit(link, actor, "link.created", {"code": link.code})
        return link


def create_batch(
    *, project: Project, actor: User | None, batch: UUID, rows: Sequence[dict[str, Any]]
) -> list[Link]:
    """All of these links, or none. `batch` is the page's own: a repeat gives what the first has
    made. Raises Refusal `invalid`."""
    links = [Link(project=project, batch=batch, **_known(fields)) for fields in rows]
    for link, fields in zip(links, rows, strict=True):
        validate(link, fields)
    with tx.change():
        tx.lock(Project.objects.filter(pk=project.pk)).get()  # one batch after the other
        made = list(Link.objects.filter(project=project, batch=batch).order_by("pk"))
        if made:
            return made
        Link.objects.bulk_create(links)
        record_audit(
            company=project.company,
            actor=actor,
            verb="links.created",
            target=project.name,
            data={"count": len(links), "codes": [link.code for link in links]},
        )
        for link in links:
            tx.at_commit(_publish, link.pk)
        return links


def change_link(
    *,
    link: Link,
    actor: User | None,
    seen: int | None = None,
    agents: Sequence[Agent] | None = None,
    **fields: Any,
) -> Link:
    """`seen`: the version that the actor had before his eyes. Raises Refusal `changed_meanwhile` if
    somebody has saved another since, `invalid`."""
    _known(fields)
    with tx.change():
        link = _lock(link)
        if seen is not None and seen != link.version:
            raise changed_meanwhile(_who_changed(link))
        for name, value in fields.items():
            setattr(link, name, value)
        validate(link, fields)
        link.version += 1
        link.save(update_fields=[*fields, "version"])
        tx.at_commit(_publish, link.pk)
        if agents is not None:
            _set_agents(link, agents)
            kick.task(
                "sessions_app.route_project", project_id=link.project_id, trigger="rules_changed"
            )
        _audit(link, actor, "link.changed", _plain(fields, agents))
        return link


def archive_link(*, link: Link, actor: User | None) -> None:
    """Its address is unknown from now on; what came by it is kept."""
    with tx.change():
        link = _lock(link)
        if link.archived_at is None:
            link.archived_at = clock.now()
            link.save(update_fields=["archived_at"])
            tx.at_commit(_publish, link.pk)
            _audit(link, actor, "link.archived", {})


def _publish(links: list[int]) -> None:
    """Let the tables in the web processes see these rows anew, the one in this process at once."""
    LinksVersion.objects.bulk_create([LinksVersion(pk=LinksVersion.KEY)], ignore_conflicts=True)
    mine = LinksVersion.objects.filter(pk=LinksVersion.KEY)
    mine.update(number=F("number") + 1)
    serial = mine.get().number
    for first in range(0, len(links), AT_ONCE):
        Link.objects.filter(pk__in=links[first : first + AT_ONCE]).update(serial=serial)
    transaction.on_commit(table.current.is_stale.set)


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    if fields.keys() - FIELDS:
        raise TypeError(f"not to be set here: {', '.join(sorted(fields.keys() - FIELDS))}")
    return fields


def _lock(link: Link) -> Link:
    mine = Link.objects.select_related("project__company").filter(pk=link.pk)
    return tx.lock(mine).get()


def _set_agents(link: Link, agents: Sequence[Agent]) -> None:
    if any(agent.project_id != link.project_id or agent.removed_at for agent in agents):
        raise foreign_agents()
    link.agents.set(agents)


def _plain(fields: dict[str, Any], agents: Sequence[Agent] | None) -> dict[str, Any]:
    data = dict(fields)
    if data.get("expires_at"):
        data["expires_at"] = data["expires_at"].isoformat()
    if agents is not None:
        data["agents"] = [agent.user.name for agent in agents]
    return data


def _audit(link: Link, actor: User | None, verb: str, data: dict[str, Any]) -> None:
    record_audit(
        company=link.project.company,
        actor=actor,
        verb=verb,
        target=f"{link.project.name}: {link.name}",
        data=data | {"link": str(link.public_id)},
    )


def _who_changed(link: Link) -> str:
    entries = AuditEntry.objects.filter(
        company=link.project.company_id, verb="link.changed", data__link=str(link.public_id)
    )
    last = entries.select_related("actor").order_by("pk").last()
    return last.actor.name if last and last.actor else "–"
