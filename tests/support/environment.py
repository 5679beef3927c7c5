"""The environment of a test run, made before Django reads its settings.

pytest's parent makes it once; the xdist workers inherit it. `TEST_DB` names the pass: `sqlite`
(the default) or `postgres`. `TEST_DATABASE_URL` and `TEST_REDIS_URL` name servers to use instead
of private ones.
"""

import atexit
import os
import secrets
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.support import servers

FIELD_KEY = "dGctc3RhZmYtdGVzdHMtb25seS1rZXktMzItYnl0ZXM="

running = ExitStack()  # what this process has started


def prepare() -> None:
    """Set every variable the settings read that must not come from the developer's machine."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    folder = Path(tempfile.gettempdir()) / f"tgstaff-test-{secrets.token_hex(6)}"
    os.environ.update(
        TESTING="1",
        DEBUG="0",
        SECRET_KEY="tests-only-" + "x" * 40,
        FIELD_KEYS=FIELD_KEY,
        DATA_DIR=str(folder),
        DATABASE_URL=_database_url(folder),
        REDIS_URL="",
        CLOCK_SHIFT="0",
    )


def _database_url(folder: Path) -> str:
    given = os.environ.get("TEST_DATABASE_URL", "")
    chosen = os.environ.setdefault("TEST_DB", "postgres" if given else "sqlite")
    if chosen == "sqlite":
        # a file, so that threads and processes can share it
        return f"sqlite:///{folder / 'tgstaff.sqlite3'}"
    if chosen != "postgres":
        raise SystemExit(f"TEST_DB is {chosen!r}: it must be sqlite or postgres.")
    return given or _private_postgres()


def _private_postgres() -> str:
    atexit.register(running.close)
    return running.enter_context(servers.postgres()).url
