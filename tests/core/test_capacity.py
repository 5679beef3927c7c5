"""core.capacity: sizes and times that cannot work together are named at start."""

import pytest
from django.core.checks import run_checks


def ids(**options):
    ours = (f"core.{letter}03" for letter in "EW")
    return [message.id for message in run_checks(**options) if message.id.startswith(tuple(ours))]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DB_POOL_SIZE", 0, "core.E030"),
        ("DB_THREADS", 0, "core.E030"),
        ("DB_POOL_SIZE", 4, "core.E031"),
        ("SWEEP_SECONDS", 0, "core.E032"),
        ("BOT_LEASE_SECONDS", -1, "core.E032"),
        ("LEASE_SECONDS", 25, "core.E033"),
    ],
)
def test_it_names(settings, name, value, expected):
    assert ids() == []
    setattr(settings, name, value)
    assert ids() == [expected]


@pytest.mark.postgres
@pytest.mark.django_db
def test_it_warns_of_pools_that_the_server_cannot_carry(settings):
    assert ids(databases=["default"]) == []
    settings.DB_POOL_SIZE = 1000
    assert ids(databases=["default"]) == ["core.W034"]
