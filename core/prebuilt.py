"""Statements of a hot path: built once, run often.

Django builds the SQL of a queryset anew each time it is asked. For the few short statements that
every customer's message costs, that was as much computing as all the rest of a drain. What is asked
is still said by a queryset; what it compiles to is kept.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model, QuerySet, Value
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)

# Each length of a list has its own SQL. Longer ones are built each time: there the rows cost more.
LONGEST_KEPT = 10
INSERT = "INSERT INTO {table} ({columns}) VALUES ({values}) {end}"


class Slot(Value):
    """Stands in a queryset for a value that each run brings; for a list's, `place` in it."""

    def __init__(self, name: str, place: int, field: "Field[Any, Any]") -> None:
        super().__init__(None, output_field=field)
        self.name, self.place = name, place

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def filled(self, values: dict[str, Any], connection: BaseDatabaseWrapper) -> Any:
        value = values[self.name]
        if isinstance(value, list):
            value = value[self.place]
        return self.output_field.get_db_prep_value(value, connection)


@dataclass(frozen=True)
class _Built:
    compiler: SQLCompiler
    sql: str
    params: tuple[Any, ...]


class Prebuilt(Generic[M]):
    """The rows of a queryset, by values that differ from run to run.

    `build` is called with a `Slot` for each value, or a list of them where a run brings a list, and
    returns the queryset. `fields`: by name, the field that each value is compared with.
    """

    def __init__(self, build: Callable[..., QuerySet[M]], **fields: "Field[Any, Any]") -> None:
        self._build = build
        self._fields = fields
        self._kept: dict[tuple[int, ...], _Built] = {}

    def rows(self, **values: Any) -> list[M]:
        """No list may be empty."""
        built = self._built(values)
        connection = connections[DEFAULT_DB_ALIAS]  # the thread's own
        params = tuple(
            part.filled(values, connection) if isinstance(part, Slot) else part
            for part in built.params
        )
        compiler = copy(built.compiler)
        compiler.connection = connection
        compiler.as_sql = lambda *args, **kwargs: (built.sql, params)  # type: ignore[method-assign]  # its own is what we save
        source = SimpleNamespace(
            db=DEFAULT_DB_ALIAS,
            query=SimpleNamespace(get_compiler=lambda using: compiler),
            _known_related_objects={},
        )
        return list(ModelIterable(source))  # type: ignore[arg-type]  # all it asks of a queryset

    def _built(self, values: dict[str, Any]) -> _Built:
        lengths = tuple(len(each) if isinstance(each, list) else 0 for each in values.values())
        built = self._kept.get(lengths)
        if built is None:
            built = self._compile(values)
            if max(lengths) <= LONGEST_KEPT:
                self._kept[lengths] = built
        return built

    def _compile(self, values: dict[str, Any]) -> _Built:
        slots = {name: self._slots(name, value) for name, value in values.items()}
        compiler = self._build(**slots).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        compiler.connection = None  # it is this thread's: each run brings its own
        return _Built(compiler, sql, tuple(params))

    def _slots(self, name: str, value: Any) -> Any:
        field = self._fields[name]
        if isinstance(value, list):
            return [Slot(name, place, field) for place in range(len(value))]
        return Slot(name, 0, field)


class Insert(Generic[M]):
    """`bulk_create`, quicker where there is one row.

    `updating`: the names of the fields that are written where a row with that key exists.
    `ignoring`: leave what is there already as it is; rows get no keys.
    """

    def __init__(
        self, model: type[M], *, updating: Sequence[str] = (), ignoring: bool = False
    ) -> None:
        self._model = model
        self._updating = updating
        self._ignoring = ignoring
        fields = model._meta.concrete_fields
        self._fields = [field for field in fields if updating or not field.primary_key]

    def rows(self, rows: Sequence[M]) -> None:
        if len(rows) == 1:
            self._one(rows[0])
        elif self._updating:
            self._model._default_manager.bulk_create(
                rows, update_conflicts=True, unique_fields=["pk"], update_fields=self._updating
            )
        else:
            self._model._default_manager.bulk_create(rows, ignore_conflicts=self._ignoring)

    def _one(self, row: M) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        values = [
            field.get_db_prep_save(field.pre_save(row, add=True), connection)
            for field in self._fields
        ]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, values)
            if not self._ignoring:
                (row.pk,) = cursor.fetchone()
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS

    @cached_property
    def _sql(self) -> str:
        meta, quoted = self._model._meta, connections[DEFAULT_DB_ALIAS].ops.quote_name
        columns = {field.name: quoted(str(field.column)) for field in self._fields}
        changes = ", ".join(
            f"{columns[name]} = excluded.{columns[name]}" for name in self._updating
        )
        key = quoted(str(meta.pk.column))
        if self._ignoring:
            end = "ON CONFLICT DO NOTHING"
        elif self._updating:
            end = f"ON CONFLICT ({key}) DO UPDATE SET {changes} RETURNING {key}"
        else:
            end = f"RETURNING {key}"
        return INSERT.format(
            table=quoted(meta.db_table),
            columns=", ".join(columns.values()),
            values=", ".join(["%s"] * len(columns)),
            end=end,
        )
