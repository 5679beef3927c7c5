"""Agents on the team of the demo's project, as many as asked for, each with a page open for a day.

The demo's own agents are taken off, so that all are equally able. Run in the product's environment.
"""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tgstaff.settings")

import django

django.setup()

from datetime import timedelta

from accounts.models import Membership, User
from bots.models import Bot
from core import clock, tx
from projects.models import Agent, Project
from routing.actions import pool_of
from routing.models import Lease, Pool, Presence

PAGE = timedelta(days=1)


def main(count: int) -> None:
    project = Project.objects.get(pk=Bot.objects.earliest("pk").project_id)
    with tx.change():
        Agent.objects.filter(project=project).update(is_enabled=False, removed_at=clock.now())
        pool = pool_of(project)
        Pool.objects.filter(pk=pool.pk).update(mode=Pool.Mode.ROUND_ROBIN, scope=Pool.Scope.ALL)
        for number in range(count):
            user = User.objects.create_user(
                name=f"Agent {number}", email=f"agent.{number}@example.org", password=None
            )
            Membership.objects.create(
                company=project.company, user=user, role=Membership.Role.AGENT
            )
            Presence.objects.create(user=user)
            Lease.objects.create(user=user, expires_at=clock.now() + PAGE)
            Agent.objects.create(project=project, user=user, position=1000 + number)
    print("[]", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
