"""core.checks: each nonsense in the environment is named at start."""

import re

import pytest
from django.core import checks
from django.core.checks.registry import registry
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from tests.support.source import our_files


@pytest.fixture(autouse=True)
def no_ports(settings):
    """Whether the real wiring holds is a question of its own: tests/house/test_wiring.py."""
    settings.PORTS = {}


def found(*, deploy: bool = False) -> list[checks.CheckMessage]:
    """What our own checks say; Django's are not in question here."""
    ours = [check for check in registry.get_checks(deploy) if check.__module__ == "core.checks"]
    return [message for check in ours for message in check(app_configs=None, databases=None)]


def ids(*, deploy: bool = False) -> list[str | None]:
    return [message.id for message in found(deploy=deploy)]


def test_the_settings_of_the_tests_are_in_order():
    assert ids() == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("EMAIL_SECURITY", "ssl", "core.E050"),
        ("FIELD_KEYS", [], "core.E001"),
        ("FIELD_KEYS", ["short"], "core.E002"),
        ("FIELD_KEYS", ["x" * 44], "core.E002"),
        ("FIELD_KEYS", ["й" * 44], "core.E002"),
        ("SECRET_KEY", "short", "core.E003"),
        ("PORTS", {"live.access": "core.text.nothing_here"}, "core.E005"),
        ("PORTS", {"live.access": "no_such_app.queries.feed_access"}, "core.E005"),
        ("PORTS", {"live.access": "nodots"}, "core.E005"),
        ("TELEGRAM_API_BASE", "api.telegram.org", "core.E006"),
        ("TELEGRAM_API_BASE", "ftp://api.telegram.org", "core.E006"),
        ("TELEGRAM_API_BASE", "https://", "core.E006"),
        ("TELEGRAM_API_BASE", "https://api.telegram.org/?a=b", "core.E006"),
        ("TELEGRAM_API_BASE", "http://[::1", "core.E006"),
        ("TELEGRAM_LINK_BASE", "javascript:alert(1)", "core.E006"),
        ("TELEGRAM_API_BASE", "http://127.0.0.1:99999", "core.E006"),
        ("LOG_FORMAT", "yaml", "core.E012"),
        ("UPDATE_HOURS", 12, "core.E013"),
        ("EVENT_COUNT", 0, "core.E013"),
        ("PUBLIC_URL", "help.example.com", "core.E020"),
        ("PUBLIC_URL", "https://help.example.com/path", "core.E020"),
        ("PUBLIC_URL", "https://help.example.com:99999", "core.E020"),
        ("KICKS", ["task", "shout"], "core.E009"),
        ("CRASH_AT", "nowhere", "core.E011"),
    ],
)
def test_it_names(settings, name, value, expected):
    setattr(settings, name, value)
    assert ids() == [expected]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://help.example.com", []),
        ("https://help.example.com:8443", []),
        ("http://help.example.com", ["core.E021"]),
        ("https://help.example.com:444", ["core.E022"]),
        ("https://other.example.com", ["core.E023"]),
    ],
)
def test_it_names_a_public_address_that_telegram_cannot_use(settings, address, expected):
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = address, ["help.example.com"]
    settings.TELEGRAM_API_BASE = "https://api.telegram.org"
    assert ids() == expected
    settings.TELEGRAM_API_BASE = "http://127.0.0.1:8081"  # the simulator delivers without TLS
    assert ids() == []


def test_every_check_has_an_id_of_its_own():
    ids = re.findall(
        r'id="(core\.[EW]\d+)"', "".join(path.read_text() for path in our_files("core/*.py"))
    )
    assert sorted(ids) == sorted(set(ids))


def test_it_names_a_moved_clock_outside_of_tests(settings):
    settings.CLOCK_SHIFT = 5.0
    assert ids() == []
    settings.TESTING = False
    assert ids() == ["core.E004"]


def test_it_names_a_crash_point_outside_of_tests(settings):
    settings.CRASH_AT = "call.before"
    assert ids() == []
    settings.TESTING = False
    assert ids() == ["core.E010"]


def test_it_names_redis_beside_sqlite(settings, monkeypatch):
    settings.REDIS_URL = "redis://localhost/0"
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    assert ids() == ["core.E007"]


def test_it_names_a_deployment_without_redis(settings):
    settings.REDIS_URL = ""
    assert ids(deploy=True) == ["core.E008"]


def test_every_key_that_is_wrong_is_named_by_its_place(settings):
    settings.FIELD_KEYS = [settings.FIELD_KEYS[0], "wrong", "wrong too"]
    texts = [message.msg for message in found()]
    assert any("Key 2 of FIELD_KEYS" in text for text in texts)
    assert any("Key 3 of FIELD_KEYS" in text for text in texts)
    assert not any("wrong" in text for text in texts)  # a key never reaches a log


def test_a_process_does_not_start_with_nonsense(settings):
    settings.FIELD_KEYS = []
    with pytest.raises(SystemCheckError, match=r"core\.E001"):
        call_command("check")
