"""Makes the tables, and one company with its team and bot from JSON on standard input."""

import json
import os
import sys
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tgstaff.settings")

import django

django.setup()

from django.core.management import call_command

from accounts.actions import add_member, create_company, create_user
from accounts.models import Company
from bots.actions.bots import connect
from bots.models import Bot
from core import tx
from projects.actions import add_agent, create_project


def make(plan: dict[str, Any]) -> None:
    """What a start that was cut off has left undone is done now."""
    company = Company.objects.filter(name=plan["company"]).first() or found(plan)
    project = company.projects.get()
    if not Bot.objects.filter(project=project).exists():
        connect(project=project, token=plan["bot"]["token"], actor=None)


def found(plan: dict[str, Any]) -> Company:
    with tx.change():
        company = create_company(name=plan["company"])
        project = create_project(company=company, name=plan["project"], actor=None)
        for person in plan["people"]:
            user = create_user(
                email=person["email"], name=person["name"], password=person["password"]
            )
            add_member(company=company, user=user, role=person["role"], actor=None)
            if person["role"] == "agent":
                add_agent(project=project, user=user, actor=None)
        return company


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    make(json.load(sys.stdin))
