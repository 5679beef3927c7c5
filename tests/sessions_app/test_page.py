"""The agents' page itself: for who is signed in, and never kept."""

import pytest
from django.test import Client

from sessions_app.queries.build import build
from tests.factories import make_user
from tests.support.api import browser

pytestmark = pytest.mark.django_db


def test_it_serves_the_page_and_the_token_for_its_posts():
    answer = browser(make_user()).get("/app/")
    assert answer.status_code == 200
    assert "csrftoken" in answer.cookies
    assert "no-store" in answer["Cache-Control"]


def test_it_sends_others_to_sign_in():
    answer = Client().get("/app/")
    assert answer.status_code == 302
    assert answer["Location"].endswith("?next=/app/")


def test_the_build_follows_the_files_that_pages_run(tmp_path, settings):
    settings.STATICFILES_DIRS = [tmp_path]
    names = set()
    for text in ("one", "two"):
        (tmp_path / "app.js").write_text(text)
        build.cache_clear()
        names |= {build(), build()}
    assert len(names) == 2
    build.cache_clear()


def test_the_worker_that_shows_notifications_may_lead_back_to_the_page():
    """Its reach is the folder of its address: the page's own and nothing of the console's."""
    answer = Client().get("/app/notices.js")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cache-Control"] == "no-cache"
    assert b"notificationclick" in answer.content
