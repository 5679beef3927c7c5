import re

import pytest
from django.urls import reverse

from sessions_app.queries.guide import FOLDER, NAMES, address, guide


def test_every_file_of_the_folder_is_a_page():
    assert {path.stem for path in FOLDER.glob("*.md")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_anybody_may_read_it(client, name):
    answer = client.get(address(name))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "<h1 id=" in page
    for heading in guide(name).headings:
        assert f'id="{heading.anchor}"' in page


@pytest.mark.parametrize("name", NAMES)
def test_its_links_lead_somewhere(name):
    pages = {address(one): guide(one).html for one in NAMES}
    pages[reverse("insights:home")] = ""
    for href in re.findall(r'href="([^"]*)"', guide(name).html):
        path, _, anchor = href.partition("#")
        assert path in pages, href
        assert not anchor or f'id="{anchor}"' in pages[path], href


@pytest.mark.parametrize("name", NAMES)
def test_its_headings_are_told_apart(name):
    anchors = [heading.anchor for heading in guide(name).headings]
    assert len(set(anchors)) == len(anchors)


def test_the_ten_checks_are_ten():
    titles = [heading.title for heading in guide("checks").headings if heading.level == 2]
    assert [title.split(".")[0] for title in titles[:10]] == [str(n) for n in range(1, 11)]
    assert titles[10:] == ["Beyond the ten"]


def test_a_person_who_cannot_sign_in_finds_it(client):
    assert (
        reverse("sessions:guide_readme") in client.get(reverse("accounts:sign_in")).content.decode()
    )
