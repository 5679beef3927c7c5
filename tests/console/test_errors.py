"""What people see when something is wrong: one look, no dead end, and no database needed."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory
from django.utils.translation import override
from django.views.defaults import bad_request, permission_denied, server_error

from accounts.models import User
from core.errors import Refusal
from core.pages import page


def looks_right(answer, status, heading):
    text = answer.content.decode()
    assert answer.status_code == status
    assert f"<h1>{heading}</h1>" in text
    assert 'class="card"' in text
    assert 'href="/"' in text


def test_a_broken_server_says_so_without_a_database():
    looks_right(server_error(RequestFactory().get("/")), 500, "Something broke here")


def test_it_speaks_the_readers_language():
    with override("ru"):
        assert '<html lang="ru">' in server_error(RequestFactory().get("/")).content.decode()


def test_a_request_that_makes_no_sense():
    answer = bad_request(RequestFactory().get("/"), ValueError())
    looks_right(answer, 400, "This request makes no sense")


def test_what_one_may_not_do():
    answer = permission_denied(RequestFactory().get("/"), PermissionError())
    looks_right(answer, 403, "You may not do this")


def test_an_address_that_leads_nowhere():
    looks_right(Client().get("/nowhere/"), 404, "There is nothing here")


def test_a_form_without_the_token_of_its_page():
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"username": "a"})
    looks_right(answer, 403, "This page has become too old")


# ---------------------------------------------------------------- refusals


def asked(view, user):
    request = RequestFactory().get("/console/")
    request.user = user
    return page(view)(request)


def refusing(code):
    def view(request):
        raise Refusal(code, "It is like this.")

    return view


def test_a_refusal_of_what_is_not_there_is_a_404():
    with pytest.raises(Http404):
        asked(refusing("not_found"), User(name="Alice"))


@pytest.mark.parametrize(("code", "status"), [("busy", 503), ("forbidden", 403), ("odd", 409)])
def test_any_other_refusal_is_a_page_that_says_why(code, status):
    answer = asked(refusing(code), User(name="Alice"))
    looks_right(answer, status, "This was refused")
    assert "It is like this." in answer.content.decode()


def test_who_is_signed_out_is_asked_to_sign_in_first():
    answer = asked(lambda request: HttpResponse("secret"), AnonymousUser())
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/console/")


def test_pages_are_kept_nowhere():
    answer = asked(lambda request: HttpResponse("fine"), User(name="Alice"))
    assert answer.content == b"fine"
    assert "no-store" in answer["Cache-Control"]
