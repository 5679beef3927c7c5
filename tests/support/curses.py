"""Faults of the database itself: rows it refuses."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection


@contextmanager
def refusing(table: str, condition: str = "TRUE") -> Iterator[None]:
    """Every new row of the table that meets the condition (SQL about NEW) is refused."""
    curse, end = _SQL[connection.vendor]
    _execute(curse, table, condition)
    try:
        yield
    finally:
        _execute(end, table, condition)


def _execute(statements: Sequence[str], table: str, condition: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(table=table, condition=condition))


_SQL = {
    "sqlite": (
        [
            "CREATE TRIGGER curse BEFORE INSERT ON {table} WHEN {condition} "
            "BEGIN SELECT RAISE(ABORT, 'cursed'); END"
        ],
        ["DROP TRIGGER curse"],
    ),
    "postgresql": (
        [
            "CREATE FUNCTION curse() RETURNS trigger AS $$ BEGIN IF {condition} "
            "THEN RAISE EXCEPTION 'cursed'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql",
            "CREATE TRIGGER curse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION curse()",
        ],
        ["DROP TRIGGER curse ON {table}", "DROP FUNCTION curse"],
    ),
}
