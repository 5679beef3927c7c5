"""Sign-in and out, lock-out, one's own password, and the link for a new person."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import actions
from accounts.models import AuditEntry, User
from core.errors import Refusal
from tests.factories import make_agent, make_company, make_member, make_project, make_user

pytestmark = pytest.mark.django_db

PASSWORD = "a quiet harbour"
NEW = "another quiet harbour"


@pytest.fixture
def lena():
    return make_user("Lena", email="lena@acme.example", password=PASSWORD)


def sign_in(client, email="lena@acme.example", password=PASSWORD, **more):
    fields = {"username": email, "password": password, **more}
    return client.post(reverse("accounts:sign_in"), fields)


def is_signed_in(client):
    return "_auth_user_id" in client.session


def signed_in(email="lena@acme.example"):
    client = Client()
    assert sign_in(client, email).status_code == 302
    return client


@pytest.mark.parametrize("email", ["lena@acme.example", "LENA@Acme.Example", " lena@acme.example "])
def test_it_signs_in_however_the_address_is_written(client, lena, email):
    assert sign_in(client, email)["Location"] == "/"
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("lena@acme.example", "wrong"),
        ("nobody@acme.example", PASSWORD),
        ("", ""),
        ("lena@acme.example\x00", PASSWORD),
        ("lena@acme.example", PASSWORD + "\x00"),
        ("l" * 5000, "x" * 5000),
    ],
)
def test_it_refuses_with_words_and_not_with_an_error(client, lena, email, password):
    answer = sign_in(client, email, password)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not is_signed_in(client)


def test_it_says_the_same_of_a_wrong_password_and_of_an_unknown_address(client, lena):
    wrong = sign_in(client, password="wrong").context["form"].errors
    unknown = sign_in(client, "nobody@acme.example").context["form"].errors
    assert wrong == unknown


def test_who_is_disabled_does_not_come_in(client, lena):
    actions.set_enabled(user=lena, is_enabled=False, actor=None)
    assert sign_in(client).status_code == 200
    assert not is_signed_in(client)


def test_it_goes_on_to_where_one_wanted_but_never_elsewhere(client, lena):
    assert sign_in(client, next="/app/")["Location"] == "/app/"
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert sign_in(Client(), next=elsewhere)["Location"] == "/"


def test_it_needs_the_forms_own_token(lena):
    assert sign_in(Client(enforce_csrf_checks=True)).status_code == 403


def test_too_many_failures_lock_the_door_with_a_page_that_says_so(client, lena, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = sign_in(client, password="wrong")
    assert answer.status_code == 429
    assert "15 minutes" in answer.content.decode()
    assert sign_in(client).status_code == 429
    assert not is_signed_in(client)


def test_writing_the_address_in_other_letters_gives_no_more_tries(client, lena, settings):
    ways = ["lena@acme.example", "LENA@acme.example", "Lena@Acme.example", "lena@ACME.EXAMPLE"]
    for number in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, ways[number % 4], "wrong")
    assert sign_in(client).status_code == 429


def test_it_signs_out_by_post_alone(lena):
    client = signed_in()
    assert client.get(reverse("accounts:sign_out")).status_code == 405
    assert is_signed_in(client)
    assert client.post(reverse("accounts:sign_out"))["Location"] == reverse("accounts:sign_in")
    assert not is_signed_in(client)


def test_it_sends_each_to_where_they_work(lena):
    project = make_project()
    agent = make_agent(project).user
    support = make_member(project.company, role="support").user
    manager = make_member(project.company, role="manager").user
    staff = User.objects.create_superuser("root@example.org", name="Root")
    expected = [(agent, "/app/"), (manager, "/console/"), (support, "/app/")]
    for user, place in [*expected, (staff, "/admin/"), (lena, "/app/")]:
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        assert client.get("/")["Location"] == place
    assert Client().get("/")["Location"] == "/sign-in/?next=/"


# ---------------------------------------------------------------- one's own password


def change_password(client, old=PASSWORD, new=NEW, again=None):
    fields = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post(reverse("accounts:change_password"), fields)


def test_a_new_password_ends_the_other_sign_ins_and_keeps_this_one(lena):
    here, elsewhere = signed_in(), signed_in()
    assert change_password(here).status_code == 302
    assert here.get(reverse("accounts:password_changed")).status_code == 200
    assert elsewhere.get("/")["Location"] == "/sign-in/?next=/"
    assert sign_in(Client(), password=NEW).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"old": "not this one"},
        {"new": "short"},
        {"new": "1029384756473"},
        {"again": "something else"},
    ],
)
def test_it_keeps_the_password_when_the_new_one_is_no_good(lena, wrong):
    answer = change_password(signed_in(), **wrong)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    lena.refresh_from_db()
    assert lena.check_password(PASSWORD)


# ---------------------------------------------------------------- the link for a new person


@pytest.fixture
def newcomer():
    company = make_company()
    user = actions.create_user(email="ivan@acme.example", name="Ivan")
    actions.add_member(company=company, user=user, role="agent", actor=None)
    return user


def welcome_path(user, company=None):
    company = company or user.memberships.get().company
    return actions.make_welcome_path(user=user, company=company, actor=None)


def choose(client, path, password=NEW):
    return client.post(path, {"new_password1": password, "new_password2": password})


def test_a_new_person_chooses_a_password_and_comes_in(client, newcomer):
    path = welcome_path(newcomer)
    assert "Ivan" in client.get(path).content.decode()
    assert choose(client, path)["Location"] == reverse("accounts:sign_in")
    assert sign_in(client, "ivan@acme.example", NEW).status_code == 302
    assert AuditEntry.objects.filter(verb="user.welcomed").count() == 1


def test_the_link_works_once(client, newcomer):
    path = welcome_path(newcomer)
    choose(client, path)
    assert client.get(path).status_code == 404
    assert choose(client, path, "yet another harbour").status_code == 404
    newcomer.refresh_from_db()
    assert newcomer.check_password(NEW)


def test_the_link_works_for_some_days_only(client, newcomer, settings):
    path = welcome_path(newcomer)
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert client.get(path).status_code == 404


def test_a_link_that_was_made_up_looks_like_one_that_was_used(client, newcomer):
    path = welcome_path(newcomer)
    strange = make_user("Strange")
    for wrong in (path[:-2] + "x/", path.replace(str(newcomer.public_id), str(strange.public_id))):
        assert client.get(wrong).status_code == 404


def test_who_was_disabled_meanwhile_does_not_come_in_by_the_link(client, newcomer):
    path = welcome_path(newcomer)
    actions.set_enabled(user=newcomer, is_enabled=False, actor=None)
    assert choose(client, path).status_code == 404


def test_a_weak_password_is_not_taken(client, newcomer):
    path = welcome_path(newcomer)
    assert choose(client, path, "short").context["form"].errors
    assert client.get(path).status_code == 200


def test_nobody_gets_a_link_to_somebody_elses_account(lena, newcomer):
    """With the link one becomes that person, in every company they work for."""
    theirs = newcomer.memberships.get().company
    other = make_member(make_company("Globex"), newcomer).company
    make_member(other, lena)
    for user, company in [(newcomer, theirs), (newcomer, other), (lena, other)]:
        with pytest.raises(Refusal) as refused:
            welcome_path(user, company)
        assert refused.value.code == "forbidden"


def test_nobody_gets_a_link_to_the_account_of_platform_staff():
    root = User.objects.create_superuser("root@example.org", name="Root")
    company = make_member(make_company(), root).company
    with pytest.raises(Refusal):
        welcome_path(root, company)
