"""The language that a person has chosen: kept for the person, and by the browser for who is nobody."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts import actions
from core.errors import Refusal
from tests.factories import make_company, make_member, make_user
from tests.support.api import browser

pytestmark = pytest.mark.django_db

RUSSIAN = {"Accept-Language": "ru"}


@pytest.fixture
def lena():
    return make_user("Lena")


def choose(client, language, there=""):
    return client.post(reverse("accounts:choose_language"), {"language": language, "next": there})


def spoken(client, path="/password/", **options):
    """The language that the page says it has."""
    return re.search(r'<html lang="([^"]*)"', client.get(path, **options).content.decode())[1]


def test_it_is_the_browsers_until_somebody_chooses(lena):
    page = browser(lena)
    assert spoken(page, headers=RUSSIAN) == "ru"
    choose(page, "zh-hans")
    lena.refresh_from_db()
    assert lena.language == "zh-hans"
    assert spoken(page, headers=RUSSIAN) == "zh-hans"


def test_it_goes_with_the_person_to_every_browser(lena):
    choose(browser(lena), "zh-hans")
    assert spoken(browser(lena), headers=RUSSIAN) == "zh-hans"
    assert spoken(browser(make_user("Tom")), headers=RUSSIAN) == "ru"


def test_it_can_be_left_to_the_browser_again(lena):
    page = browser(lena)
    choose(page, "zh-hans")
    assert b"As the browser says" not in browser(make_user("Tom")).get("/password/").content
    choose(page, "")
    lena.refresh_from_db()
    assert lena.language == ""
    assert spoken(page, headers=RUSSIAN) == "ru"


def test_a_browser_remembers_it_for_whoever_is_not_signed_in(client):
    answer = choose(client, "zh-hans")
    cookie = answer.cookies["django_language"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("zh-hans", True, "Lax")
    assert spoken(client, "/sign-in/", headers=RUSSIAN) == "zh-hans"
    choose(client, "")
    assert spoken(client, "/sign-in/", headers=RUSSIAN) == "ru"


def test_what_the_person_has_chosen_goes_before_what_the_browser_remembers(lena):
    page = browser(lena)
    page.cookies["django_language"] = "ru"
    assert spoken(page) == "ru"
    actions.choose_language(user=lena, language="zh-hans")
    assert spoken(page) == "zh-hans"


@pytest.mark.parametrize("path", ["/app/i18n.js", "/nothing-here/"])
def test_catalogues_and_pages_that_say_no_are_in_it_too(lena, path):
    actions.choose_language(user=lena, language="zh-hans")
    answer = browser(lena).get(path, headers=RUSSIAN)
    assert answer["Content-Language"] == "zh-hans"


@pytest.mark.parametrize("language", ["tlh", "zh", "x" * 500, "ru\x00"])
def test_it_must_be_one_that_is_offered(client, lena, language):
    page = browser(lena)
    assert choose(page, language)["Location"] == "/"
    with pytest.raises(Refusal):
        actions.choose_language(user=lena, language=language)
    lena.refresh_from_db()
    assert lena.language == ""
    assert "django_language" not in page.cookies


def test_one_comes_back_to_where_one_was(client):
    assert choose(client, "ru", "/sign-in/?next=/app/")["Location"] == "/sign-in/?next=/app/"


@pytest.mark.parametrize(
    "there", ["https://elsewhere.example/", "//elsewhere.example", "/\\e.x", ""]
)
def test_and_never_to_another_site(client, there):
    assert choose(client, "ru", there)["Location"] == "/"


def test_who_brings_no_session_costs_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        Client().get("/app/i18n.js")


@pytest.mark.parametrize("name", ["sign-in", "console", "app"])
def test_every_language_is_offered_under_its_own_name(name):
    manager = make_member(make_company(), role="manager")
    client = Client() if name == "sign-in" else browser(manager.user)
    path = f"/console/companies/{manager.company.public_id}/" if name == "console" else f"/{name}/"
    page = client.get(path, headers=RUSSIAN).content.decode()
    for language in ("English", "简体中文", "Русский"):
        assert f">{language}</button>" in page
