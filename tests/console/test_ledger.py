"""The ledger's pages: three tables, a drawing, a file."""

import csv
import io
import re
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from core import clock
from redirects.models import Click
from sessions_app.console import journey
from sessions_app.queries.ledger import Tally
from tests.factories import make_bot, make_link, make_member, make_project
from tests.support.api import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    project = make_project(time_zone="Asia/Tokyo")
    make_bot(project)
    return project


@pytest.fixture
def page(project):
    return browser(make_member(project.company, role="manager").user)


@pytest.fixture
def links(project):
    poster = make_link(project, name="=Poster", campaign="spring")
    banner = make_link(project, name="Banner", campaign="spring")
    card = make_link(project, name="Card", archived_at=clock.now())
    for link, visits in ((poster, 1), (banner, 2), (card, 3)):
        for person in range(visits):
            pressed = {"person": person, "started_at": clock.now()} if person else {}
            Click.objects.create(link=link, **pressed)
    return poster, banner, card


def path(project, part="/"):
    return f"/console/projects/{project.public_id}/links/ledger{part}"


def table(page, project, **asked):
    """Name and visits of each row."""
    text = page.get(path(project), asked).content.decode()
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r'<th scope="row">(.*?)</th>\s*<td class="num">(\d+)</td>', body, re.DOTALL)
    return [(" ".join(re.sub("<[^>]+>", " ", name).split()), int(visits)) for name, visits in rows]


def test_by_link_the_most_visited_first_archived_ones_too(page, project, links):
    assert table(page, project) == [
        ("Card archived", 3),
        ("Banner spring", 2),
        ("=Poster spring", 1),
    ]


def test_by_campaign(page, project, links):
    assert table(page, project, by="campaign") == [("none", 3), ("spring", 3)]


def test_by_day_every_day_of_the_period_is_there(page, project, links):
    today = clock.now().astimezone(ZoneInfo("Asia/Tokyo")).date()
    found = table(page, project, by="day", first=today - timedelta(days=4), last=today)
    assert [visits for _name, visits in found] == [6, 0, 0, 0, 0]


def test_an_empty_project_says_so(page, project):
    text = page.get(path(project)).content.decode()
    assert "Nobody has opened a link" in text
    assert "<svg viewBox" not in text


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-03-02", "2026-03-01", "This is after the last day"),
        ("2024-01-01", "2026-03-01", "A year at most"),
        ("0001-01-01", "0001-01-02", "There was nothing to count then"),
        ("2026-02-30", "", "Enter a valid date"),
        ("<script>", "", "Enter a valid date"),
    ],
)
def test_a_period_that_makes_no_sense_is_told(page, project, links, first, last, said):
    answer = page.get(path(project), {"first": first, "last": last, "by": "nonsense"})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    file = page.get(path(project, ".csv"), {"first": first, "last": last})
    assert file.status_code == 422
    assert said in file.content.decode()


def test_a_last_day_to_come_is_today(page, project, links):
    assert table(page, project, last="9999-12-31")[0] == ("Card archived", 3)


def test_the_file_has_every_figure_and_no_formula(page, project, links):
    answer = page.get(path(project, ".csv"))
    text = b"".join(answer).decode()
    assert text.startswith("\ufeff")
    head, *rows = csv.reader(io.StringIO(text[1:], newline=""))
    assert head[:5] == ["link", "campaign", "code", "visits", "pressed START"]
    assert [row[0] for row in rows] == ["Card", "Banner", "'=Poster"]
    assert rows[0][3:5] == ["3", "2"]
    assert len(head) == len(rows[0])
    by_day = b"".join(page.get(path(project, ".csv"), {"by": "day"})).decode().splitlines()
    assert len(by_day) == 31


def test_a_links_own_page_shows_its_way(page, project, links):
    text = page.get(f"/console/links/{links[1].public_id}/").content.decode()
    assert 'class="journey"' in text
    assert "Day by day: visits 2, pressed START 1" in text


def test_pages_ask_a_bounded_number_of_queries(page, project, links, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        page.get(path(project))


# ---------------------------------------------------------------- words and drawings


@pytest.mark.parametrize(
    ("most", "top"), [(0, 2), (1, 2), (2, 2), (3, 4), (5, 10), (10, 10), (11, 20), (41, 100)]
)
def test_the_scale_has_round_figures(most, top):
    drawn = journey.drawing({date(2026, 3, 2): Tally(visits=most)})
    assert drawn.lines[0] == (0, top)
    assert drawn.lines[1][1] * 2 == top


def test_numbers_in_a_drawing_are_written_as_browsers_read_them(page, project, links):
    page.cookies["django_language"] = "ru"
    text = page.get(path(project)).content.decode()
    assert not re.search(r'(?:width|height|x|y|x1|x2|y1|y2)="\d*,', text)
    assert re.search(r'<rect class="visits" x="\d+\.\d+" y="\d+\.\d+"', text)


def test_what_lost_most_is_named():
    assert journey.worst(Tally(visits=9, going_on=5, no_start=1, silent=3))[1] == 3
    assert journey.worst(Tally(visits=5, going_on=5)) is None
