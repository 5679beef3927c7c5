"""The admin's forms: who saves over what somebody has changed meanwhile is told, once."""

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_agent, make_link, make_member, make_project

pytestmark = pytest.mark.django_db

HIDDEN = re.compile(r'<input type="hidden" name="(initial-\w+)"(?: value="([^"]*)")?')


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def client(project):
    client = Client()
    owner = make_member(project.company, role="owner").user
    client.force_login(owner, "django.contrib.auth.backends.ModelBackend")
    return client


def address(row):
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


def sent_back(page):
    """What a browser sends of the form as it is."""
    form = page.context["adminform"].form
    fields = {name: form[name].value() for name in form.fields}
    hidden = {name: html.unescape(value) for name, value in HIDDEN.findall(page.content.decode())}
    assert hidden
    return {name: value for name, value in fields.items() if value not in (None, False)} | hidden


@pytest.mark.parametrize(
    ("make", "mine", "newer", "said"),
    [
        (make_agent, {"may_transfer": None}, {"session_limit": 5}, "Open sessions at most: 5"),
        (make_link, {"patience_s": 5}, {"note": 'by "Tom"'}, "Note: by &quot;Tom&quot;"),
    ],
)
def test_who_saves_over_newer_values_is_told_once(client, project, make, mine, newer, said):
    row = make(project)
    sent = {**sent_back(client.get(address(row))), **mine}
    type(row).objects.filter(pk=row.pk).update(**newer)

    def post():
        return client.post(
            address(row), {name: value for name, value in sent.items() if value is not None}
        )

    answer = post()
    assert f"Somebody has changed this meanwhile: {said}. Nothing" in answer.content.decode()
    stored = type(row).objects.get(pk=row.pk)
    assert {name: getattr(stored, name) for name in newer} == newer
    assert all(getattr(stored, name) == getattr(row, name) for name in mine)
    sent = {**sent_back(answer), **newer, **mine}
    assert post().status_code == 302
    stored = type(row).objects.get(pk=row.pk)
    assert {name: getattr(stored, name) for name in newer} == newer
    assert all(getattr(stored, name) == (value or False) for name, value in mine.items())


def test_a_form_that_nobody_has_overtaken_is_saved(client, project):
    lena = make_agent(project, "Lena")
    sent = sent_back(client.get(address(lena)))
    assert client.post(address(lena), sent | {"session_limit": "7"}).status_code == 302
    lena.refresh_from_db()
    assert (lena.session_limit, lena.may_reply) == (7, True)
