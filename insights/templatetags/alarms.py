"""The bar that stands on every page of a project's console while an alarm lasts."""

from typing import Any

from django import template

from insights.views.alarms import lasting
from projects.models import Project

register = template.Library()


@register.inclusion_tag("console/alarm_bar.html")
def alarm_bar(project: Project) -> dict[str, Any]:
    return {"project": project, **lasting(project)}
