"""Makes one company with its team and bot from JSON on standard input, unless it is there."""

import json
import os
import sys
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tgstaff.settings")

import django

django.setup()

from accounts import actions as accounts
from accounts.models import Company
from bots.actions import bots
from projects import actions as projects


def make(plan: dict[str, Any]) -> None:
    company = Company.objects.filter(name=plan["company"]).first()
    if company is not None:
        company.delete()  # a first start that was cut off: nothing in it is anyone's yet
    company = accounts.create_company(name=plan["company"])
    project = projects.create_project(company=company, name=plan["project"], actor=None)
    for person in plan["people"]:
        user = accounts.create_user(
            email=person["email"], name=person["name"], password=person["password"]
        )
        accounts.add_member(company=company, user=user, role=person["role"], actor=None)
        if person["role"] == "agent":
            projects.add_agent(project=project, user=user, actor=None)
    bots.connect(project=project, token=plan["bot"]["token"], actor=None)


if __name__ == "__main__":
    make(json.load(sys.stdin))
