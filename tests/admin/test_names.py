"""What the admin shows is called by names that can be translated."""

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.utils.functional import Promise

from tests.factories import make_user
from tests.support.source import our_apps
from tgstaff.columns import COLUMNS, TABLES

OURS = [model for model in admin.site._registry if model._meta.app_label in our_apps()]


@pytest.fixture
def request_of_staff(db):
    request = RequestFactory().get("/admin/")
    request.user = make_user("Stella", is_staff=True, is_superuser=True)
    return request


def shown(model, request):
    """The fields of the model that its pages show."""
    its = admin.site.get_model_admin(model)
    names = {*its.get_fields(request), *its.get_list_display(request)}
    return [field for field in model._meta.local_fields if {field.name, field.attname} & names]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_table_and_column_has_one(request_of_staff, model):
    assert isinstance(model._meta.verbose_name_plural, Promise)
    unnamed = [
        field.name
        for field in shown(model, request_of_staff)
        if not field.primary_key and not isinstance(field.verbose_name, Promise)
    ]
    assert unnamed == []


def test_no_name_is_left_of_what_is_gone():
    fields = {field.name for model in OURS for field in model._meta.local_fields}
    assert {name for name in COLUMNS if name not in fields} == set()
    assert set(TABLES) <= {model._meta.label for model in OURS}
