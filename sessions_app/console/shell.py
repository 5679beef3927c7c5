"""What stands around every page of the console: where one is, and where one may go."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import SignedInRequest
from accounts.models import Company
from accounts.queries import managed_companies
from projects.models import Project
from projects.queries import managed_projects


@dataclass(frozen=True)
class Choice:
    """A company that the person manages, and its projects."""

    company: Company
    projects: list[Project]


def choices(request: SignedInRequest) -> list[Choice]:
    projects = managed_projects(request.user)
    return [
        Choice(company, [one for one in projects if one.company_id == company.pk])
        for company in managed_companies(request.user).values()
    ]


def show(
    request: SignedInRequest,
    template: str,
    *,
    company: Company,
    project: Project | None = None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A page of the console within its navigation."""
    around = {"choices": choices(request), "company": company, "project": project}
    return render(request, f"console/{template}", around | context, status=status)
