"""Many links at once: shown first with what is wrong, then all made or none."""

import csv
import io
import re
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import override

from accounts.models import AuditEntry
from redirects.models import Link
from sessions_app.console.forms.batches import BYTES, lines
from tests.factories import make_bot, make_link, make_member, make_project
from tests.support.api import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    project = make_project()
    make_bot(project)
    return project


@pytest.fixture
def page(project):
    return browser(make_member(project.company, role="manager").user)


def path(project):
    return f"/console/projects/{project.public_id}/links/many/"


def look(page, project, text="", **fields):
    return page.post(path(project), {"text": text, "batch": str(uuid4()), **fields})


def make(page, project, text):
    """Look at what will be made, and make it. The answer, and what was sent."""
    shown = look(page, project, text)
    hidden = dict(re.findall(r'name="(batch|seen)" value="([^"]*)"', shown.content.decode()))
    sent = {"text": text, "confirm": "yes", **hidden}
    return page.post(path(project), sent, follow=True), sent


def read(text, project):
    return [(line.number, line.name, line.campaign, line.note) for line in lines(text, project)]


def test_they_are_shown_first_and_then_made(page, project):
    text = 'Poster,spring,"at the station, left"\n\nBanner\nКарта,весна'
    shown = look(page, project, text)
    assert "Make 3 links" in shown.content.decode()
    assert not Link.objects.exists()
    answer, _sent = make(page, project, text)
    made = list(Link.objects.order_by("pk"))
    assert [(link.name, link.campaign, link.note) for link in made] == [
        ("Poster", "spring", "at the station, left"),
        ("Banner", "", ""),
        ("Карта", "весна", ""),
    ]
    assert answer.redirect_chain == [(f"{path(project)}{made[0].batch}/", 302)]
    body = answer.content.decode()
    assert all(f"http://testserver/{link.code}" in body for link in made)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.data["count"]) == ("links.created", 3)
    assert entry.data["codes"] == [link.code for link in made]


def test_sent_twice_they_are_made_once(page, project):
    _answer, sent = make(page, project, "A\nB")
    again = page.post(path(project), sent, follow=True)
    assert again.status_code == 200
    assert Link.objects.count() == 2
    assert AuditEntry.objects.count() == 1


def test_what_was_changed_after_it_was_shown_is_shown_again(page, project):
    _answer, sent = make(page, project, "A\nB,b,c,d")
    assert not Link.objects.exists()
    shown = look(page, project, "A")
    hidden = dict(re.findall(r'name="(batch|seen)" value="([^"]*)"', shown.content.decode()))
    changed = page.post(path(project), {"text": "A\nB", "confirm": "yes", **hidden})
    assert "Make 2 links" in changed.content.decode()
    assert not Link.objects.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no line to make a link of"),
        ("name,campaign\n", "no line to make a link of"),
        (",spring", "It has no name"),
        ("x" * 61, "at most 60 characters"),
        ("A," + "x" * 61, "Campaign: "),
        ("A,b," + "x" * 1001, "Note: "),
        ("A,b,c,d", "4 columns; a link has three"),
        ("A,b\nB\nA,b", "stand in line 1"),
        ('A\n"B', "a quotation mark is not closed"),
        ('"two\nlines"', "one line"),
        ("a\u2028b", ""),
        ("A\x00", "characters"),
        ("\n".join(map(str, range(501))), "501 lines; 500 at most"),
    ],
)
def test_what_is_wrong_is_named_by_its_line_and_nothing_is_made(page, project, text, said):
    answer, _sent = make(page, project, "Good\n" + text if said.startswith("It has") else text)
    assert answer.status_code == 200
    if said:
        assert said in answer.content.decode()
        if "A,b,c,d" in text or "B\n" in text:  # nobody types it all again
            assert f"{text}</textarea>" in answer.content.decode()
        assert not Link.objects.exists()


def test_500_are_made_in_few_queries(page, project, django_assert_max_num_queries):
    text = "\n".join(f"Poster {number}" for number in range(500))
    with django_assert_max_num_queries(60):
        make(page, project, text)
    assert Link.objects.count() == 500
    assert len(set(Link.objects.values_list("code", flat=True))) == 500


def test_a_name_that_is_there_already_is_a_doubt_and_no_error(page, project):
    make_link(project, name="Poster", campaign="spring")
    assert "already" in look(page, project, "Poster,spring").content.decode()
    make(page, project, "Poster,spring")
    assert Link.objects.count() == 2


@pytest.mark.parametrize(
    "text",
    [
        "A,b,c",
        "A\tb\tc",
        "A;b;c",
        "name,campaign,note\nA,b,c",
        "Name;Campaign\nA;b;c",
        "\n\n A , b,c",
    ],
)
def test_tables_as_spreadsheets_write_them(project, text):
    assert [row[1:] for row in read(text, project)] == [("A", "b", "c")]


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("zh-hans", "名称,广告活动,备注"),
        ("ru", "Название;Кампания;Заметка"),
        ("ru", "name,campaign"),
    ],
)
def test_a_heading_in_the_words_of_the_page_is_no_link(project, language, heading):
    with override(language):
        comma = ";" if ";" in heading else ","
        assert read(f"{heading}\nA{comma}b", project) == [(2, "A", "b", "")]


def test_a_file_is_read(page, project):
    file = SimpleUploadedFile("links.csv", "\ufeffname,campaign\r\n海报,春\r\n".encode())
    text = look(page, project, file=file).content.decode()
    assert "Make 1 link" in text
    assert "海报,春</textarea>" in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Плакат".encode("utf-16"), "not UTF-8"),
        ("Плакат".encode("cp1251"), "not UTF-8"),
        (b"x" * (BYTES + 1), "larger than 512 KB"),
        (b"", "empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(page, project, content, said):
    answer = look(page, project, file=SimpleUploadedFile("links.csv", content))
    assert said in answer.content.decode()


def test_lines_and_a_file_together_are_refused(page, project):
    file = SimpleUploadedFile("links.csv", b"B")
    assert "not both" in look(page, project, "A", file=file).content.decode()


def test_what_is_made_is_seen_in_its_own_project_alone(page, project):
    other = make_link(make_project(project.company, name="Other"), batch=uuid4())
    assert page.get(f"{path(project)}{other.batch}/").status_code == 404
    assert page.get(f"{path(project)}{uuid4()}/").status_code == 404


def test_a_batch_key_of_another_project_makes_links_here(page, project):
    other = make_link(make_project(project.company, name="Other"), batch=uuid4())
    _answer, sent = make(page, project, "")
    shown = look(page, project, "A", batch=str(other.batch)).content.decode()
    seen = re.search(r'name="seen" value="([^"]*)"', shown)[1]
    page.post(path(project), {"text": "A", "confirm": "y", "batch": str(other.batch), "seen": seen})
    assert Link.objects.get(project=project).name == "A"


def test_all_links_as_a_file(page, project):
    make_link(project, name='=HYPERLINK("x")', campaign="@a", note="-1")
    make_link(project, name="Old", is_enabled=False)
    answer = page.get(f"/console/projects/{project.public_id}/links.csv")
    head, *rows = csv.reader(io.StringIO(b"".join(answer).decode()[1:], newline=""))
    assert head[:5] == ["name", "campaign", "code", "address", "state"]
    assert [row[4] for row in rows] == ["switched off", "active"]
    assert rows[1][:2] == ['\'=HYPERLINK("x")', "'@a"]
    assert rows[1][3].startswith("http://testserver/")
