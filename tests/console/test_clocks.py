"""Times of day on the console's pages are those of the project."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from core import clock
from tests.factories import make_agent, make_company, make_member, make_project
from tests.support.api import browser

pytestmark = pytest.mark.django_db

# Half an hour off everybody else's.
KOLKATA = "Asia/Kolkata"


def test_hours_are_asked_for_by_the_clock_of_the_project():
    project = make_project(make_company(), time_zone=KOLKATA)
    client = browser(make_member(project.company, role="manager").user)
    page = client.get(f"/console/agents/{make_agent(project).public_id}/").content.decode()
    said = re.search(rf"By the clock of {KOLKATA}, where it is (\d\d:\d\d) now", page)[1]
    there = clock.now().astimezone(ZoneInfo(KOLKATA))
    before = there - timedelta(minutes=1)  # the minute may have ended meanwhile
    assert said in {f"{there:%H:%M}", f"{before:%H:%M}"}
