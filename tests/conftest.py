"""What every test stands on: the pass it runs in, private servers, and no way out to the network."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.contenttypes.management import create_contenttypes
from django.core.management.color import Style
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models.signals import post_migrate  # noqa: TID251  Django's, to be silenced
from django.utils import translation

from core import clock
from tests.support import environment, furnished, servers
from tests.support.order import long_ones_first

ON_POSTGRES = os.environ["TEST_DB"] == "postgres"
FIGURE = "figure: "  # what a test has noted with pytest's record_property
ROW_FIXTURES = {"db", "transactional_db", "django_db_setup"}


def pytest_configure(config: pytest.Config) -> None:
    # with the folder where whitenoise looks, which else warns in every request
    Path(django_settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    sys.addaudithook(_refuse_network)
    clock.ANCHOR_SECONDS = 3600.0  # else it asks in the middle of what a test counts
    if not hasattr(config, "workerinput"):
        for number in (signal.SIGINT, signal.SIGTERM):  # so that servers are stopped
            signal.signal(number, signal.default_int_handler)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # nobody interrupts the cleaning up
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        furnished.forget()
        environment.running.close()
        shutil.rmtree(django_settings.DATA_DIR, ignore_errors=True)


def pytest_report_header() -> str:
    where = django_settings.DATABASES["default"]
    return f"database: {where['ENGINE'].rsplit('.', 1)[-1]} ({os.environ['TEST_DB']} pass)"


def _refuse_network(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(args[1], tuple) and not _is_loopback(args[1][0]):
        raise RuntimeError(f"A test tried to reach {args[1]!r}: tests stay on this machine.")


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


# ---------------------------------------------------------------- which tests belong to the pass


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """SQLite pass: all but `postgres`. PostgreSQL pass: what touches rows."""
    mine = [item for item in items if _belongs(item)]
    others = [item for item in items if not _belongs(item)]
    if others:
        config.hook.pytest_deselected(items=others)
    items[:] = long_ones_first(mine, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    config.stash[_left_out] = len(others)


_left_out = pytest.StashKey[int]()


def _belongs(item: pytest.Item) -> bool:
    if ON_POSTGRES:
        return _touches_rows(item) or item.get_closest_marker("e2e") is not None
    return item.get_closest_marker("postgres") is None


def _touches_rows(item: pytest.Item) -> bool:
    marked = item.get_closest_marker("django_db") or item.get_closest_marker("postgres")
    return marked is not None or bool(ROW_FIXTURES & set(getattr(item, "fixturenames", ())))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """xdist's parent collects nothing itself: its workers tell it what they left out."""
    node.config.stash[_left_out] = getattr(node, "workeroutput", {}).get("left_out", 0)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    left_out = config.stash.get(_left_out, 0)
    why = "touch no rows" if ON_POSTGRES else "need PostgreSQL"
    other = "SQLite" if ON_POSTGRES else "PostgreSQL"
    if left_out:
        terminalreporter.write_line(f"{left_out} tests {why}: they run in the {other} pass.")
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties if report.when == "call" else ():
            test = report.nodeid.split("::")[-1]
            terminalreporter.write_line(f"{FIGURE}{test}: {name} {value}")
    if _forbidden_skips(terminalreporter):
        terminalreporter.write_line("CI allows no skipped test.", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["left_out"] = config.stash.get(_left_out, 0)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter and _forbidden_skips(reporter) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _forbidden_skips(reporter: Any) -> bool:
    return bool(os.environ.get("CI") and reporter.stats.get("skipped"))


# ---------------------------------------------------------------- emptying tables between tests


# The migrations' own rows. Making them again takes longer than most tests.
KEPT = {"django_content_type", "auth_permission"}


def _delete_rows(
    self: BaseDatabaseOperations, style: Style, tables: Sequence[str], **options: bool
) -> list[str]:
    """One DELETE for each table: a TRUNCATE makes new files for all of them, after every test.

    Django's foreign keys are checked at commit, so their order is of no account.
    """
    return [f"DELETE FROM {self.quote_name(table)};" for table in tables if table not in KEPT]


# no setting chooses how Django empties tables
type(connection.ops).sql_flush = _delete_rows  # type: ignore[method-assign]  # as above


@pytest.fixture(autouse=True)
def _speaks_english() -> Iterator[None]:
    """A request leaves the language in which it was answered to whatever its thread does next."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Emptying tables is followed by the signal that makes the rows we keep."""
    assert post_migrate.disconnect(create_contenttypes)
    assert post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")


# ---------------------------------------------------------------- servers


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Valkey or Redis for this process: TEST_REDIS_URL, else a private one."""
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        yield given
        return
    with servers.valkey() as server:
        yield server.url


@pytest.fixture
def database_url(transactional_db: None) -> str:
    """The test database, for the DATABASE_URL of a process that the test starts."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{parts['NAME']}"
    return (
        f"postgres://{parts['USER']}:{parts['PASSWORD']}@{parts['HOST']}:{parts['PORT']}"
        f"/{parts['NAME']}"
    )


@pytest.fixture
def shift_clock(settings: Any) -> Callable[[float], None]:
    """Move the product's clock by so many seconds."""

    def shift(seconds: float) -> None:
        settings.CLOCK_SHIFT += seconds

    return shift
