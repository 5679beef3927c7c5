"""Houses whose demo company was made beforehand: once in a run, and then copied.

Making it takes two processes and six slow password hashes, which is half of a house's start.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import house as houses
from tests.support import servers
from tests.support.house import House


@contextmanager
def one_process(data: Path, *, without: tuple[str, ...] = (), **variables: str) -> Iterator[House]:
    """As `house.one_process`, with the company in its rows already."""
    furnish(data)
    with houses.one_process(data, without=without, **variables) as house:
        yield house


@contextmanager
def production(
    data: Path, *, redis_url: str, without: tuple[str, ...] = (), **variables: str
) -> Iterator[House]:
    """As `house.production`, in a database of its own on the pass's server."""
    server = os.environ["DATABASE_URL"]
    _copy(_pattern("postgres"), data)
    with (
        servers.database(server, like=_name()) as url,
        houses.production(
            data, database_url=url, redis_url=redis_url, without=without, **variables
        ) as house,
    ):
        yield house


def forget() -> None:
    """The run is over: its pattern must not stay on a server that was lent to it."""
    if (_run() / "furnished-postgres.lock").exists():
        servers.drop_database(os.environ["DATABASE_URL"], _name())


def furnish(data: Path) -> None:
    """Make the folder, for one process that comes later."""
    _copy(_pattern("sqlite"), data)


def _copy(pattern: Path, data: Path) -> None:
    shutil.copytree(pattern, data, ignore=shutil.ignore_patterns("lock"))


def _pattern(shape: str) -> Path:
    """The data folder to copy, made by whichever process of the run needs it first."""
    _run().mkdir(parents=True, exist_ok=True)
    made = _run() / f"furnished-{shape}"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            begun = made.with_suffix(".begun")
            shutil.rmtree(begun, ignore_errors=True)
            _make(begun, shape)
            begun.rename(made)
    return made


def _make(data: Path, shape: str) -> None:
    """Its keys go with its rows, some of which are encrypted."""
    variables = {}
    if shape == "postgres":
        servers.drop_database(os.environ["DATABASE_URL"], _name())  # of a try that failed
        variables["DATABASE_URL"] = servers.make_database(os.environ["DATABASE_URL"], _name())
    with House(data, **variables).furnished():
        pass


def _run() -> Path:
    return Path(os.environ["DATA_DIR"])


def _name() -> str:
    """Of the database to copy: the run's own."""
    return f"furnished_{_run().name.rpartition('-')[2]}"
