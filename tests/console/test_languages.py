"""Every page of ours in every language: it comes, and says nothing in English."""

import re

import pytest
from django.conf import settings

from accounts.models import User
from projects.models import Project
from tests.security.asking import Asker
from tests.security.routes import PAGES, path_of
from tests.security.test_matrix import ids_for
from tests.security.world import make_world
from tests.support import pseudo

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# The guide is written in English.
OURS = [route for route in PAGES if not route.startswith("help/")]
# What is the same in every language, and what the world calls its people and things.
NAMES = re.compile(
    r"TG-Staff|English|UTC|Owner|Manager|Alice|https?://\S*|123456789:AA|[AQ][A-Z]|\S+@\S+"
    r"|\b(?:Acme|Qzwren)(?:[ _]\w+)?"
)
WORD = re.compile(r"[A-Za-z]{2,}")


@pytest.fixture
def world():
    return make_world()


def pages(world, role):
    """What each address shows to that person, where it shows a page."""
    asker = Asker(world.people.get(role))
    for route in OURS:
        answer = asker.ask("GET", path_of(route, ids_for(world.here, route)))
        if answer.get("Content-Type", "").startswith("text/html"):
            yield route, answer


@pytest.mark.parametrize("state", [Project.State.ACTIVE, Project.State.PAUSED, Project.State.DRAFT])
@pytest.mark.parametrize("role", ["owner", "anonymous"])
def test_every_text_of_a_page_can_be_translated(world, monkeypatch, role, state):
    """Names of people and things aside: whatever is not marked would stay English for ever."""
    Project.objects.update(state=state)
    pseudo.speak(monkeypatch)
    seen = 0
    for route, answer in pages(world, role):
        texts = [NAMES.sub("", text) for text in pseudo.unmarked(answer.content.decode())]
        assert [text for text in texts if WORD.search(text) and not is_report(text)] == [], route
        seen += 1
    assert seen > (20 if role == "owner" else 3)


def is_report(text):
    """The doctor's, which programs read."""
    return text.startswith("{")


def test_it_would_see_a_text_that_is_not_marked(world, monkeypatch):
    pseudo.speak(monkeypatch)
    Project.objects.update(name="Nobody has marked this")
    texts = [
        text
        for _route, answer in pages(world, "owner")
        for text in pseudo.unmarked(answer.content.decode())
    ]
    assert "Nobody has marked this" in texts


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
@pytest.mark.parametrize("role", ["owner", "agent", "anonymous"])
def test_every_page_comes_in_every_language(world, role, language):
    User.objects.update(language=language)
    asked = {"Accept-Language": language}
    asker = Asker(world.people.get(role), headers=asked)
    here = {route: ids_for(world.here, route) for route in OURS}
    answers = {route: asker.ask("GET", path_of(route, ids)) for route, ids in here.items()}
    assert [route for route, answer in answers.items() if answer.status_code >= 500] == []
    for route, answer in answers.items():
        if answer.get("Content-Type", "").startswith("text/html") and b"<html" in answer.content:
            assert f'<html lang="{language}"' in answer.content.decode(), route
