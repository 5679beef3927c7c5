"""Clicks on this host's own disk while the database cannot take them: SQLite, keyed by the ticket.

One file for all processes that share DATA_DIR; each may write and empty it. What is here is as safe
as a file on this disk, and no safer.
"""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

Plain = Mapping[str, Any]

BUSY_SECONDS = 5.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS click (
    ticket TEXT PRIMARY KEY, body TEXT NOT NULL, since REAL NOT NULL, error TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID
"""


class Spool:
    """Rows are plain data with a `ticket`. Every method raises sqlite3.Error or OSError if the disk
    is full or cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.file: sqlite3.Connection | None = None

    def append(self, rows: Iterable[Plain]) -> None:
        """On the disk when it returns. A ticket that is there already stays as it is."""
        said = [(row["ticket"], json.dumps(row), time.time()) for row in rows]
        with self.lock, self._opened() as file:
            file.executemany(
                "INSERT OR IGNORE INTO click (ticket, body, since) VALUES (?, ?, ?)", said
            )

    def first(self, count: int) -> list[dict[str, Any]]:
        """Those that were never refused."""
        query = "SELECT body FROM click WHERE error = '' ORDER BY since LIMIT ?"
        return [json.loads(body) for (body,) in self._ask(query, count)]

    def forget(self, tickets: Sequence[str]) -> None:
        with self.lock, self._opened() as file:
            file.executemany("DELETE FROM click WHERE ticket = ?", [(one,) for one in tickets])

    def refuse(self, ticket: str, error: str) -> None:
        """The database will not have it: it stays here, for people."""
        with self.lock, self._opened() as file:
            file.execute("UPDATE click SET error = ? WHERE ticket = ?", (error[:200], ticket))

    def state(self) -> tuple[int, float, int]:
        """How many wait, the age of the oldest in seconds, and how many were refused."""
        query = "SELECT count(*) FILTER (WHERE error = ''), min(since), count(*) FROM click"
        for waiting, since, count in self._ask(query):
            return waiting, max(0.0, time.time() - since) if count else 0.0, count - waiting
        return 0, 0.0, 0

    def _ask(self, query: str, *values: Any) -> list[Any]:
        if self.file is None and not self.path.exists():
            return []
        with self.lock, self._opened() as file:
            return file.execute(query, values).fetchall()

    def _opened(self) -> sqlite3.Connection:
        """As a context manager it is a transaction."""
        if self.file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))  # visitors' addresses
            self.file = self._connect()
        return self.file

    def _connect(self) -> sqlite3.Connection:
        file = sqlite3.connect(self.path, timeout=BUSY_SECONDS, check_same_thread=False)
        # FULL: it must survive a power cut. secure_delete: what has left is not found on the disk.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            with closing(file.execute(f"PRAGMA {pragma}")):
                pass
        with file:
            file.execute(SCHEMA)
        return file


@cache
def spool() -> Spool:
    """This process's."""
    return Spool(Path(settings.DATA_DIR) / "clicks.sqlite3")
