"""Statements of a hot path: built once, run often.

Django builds the SQL of a queryset anew each time it is asked. For the few short statements that
every customer's message costs, that was as much computing as all the rest of a drain. What is asked
is still said by a queryset; what it compiles to is kept.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Lookup, Model, QuerySet, Value
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)

INSERT = "INSERT INTO {table} ({columns}) {values} {end}"


class Slot(Value):
    """Stands in a queryset for a value that each run brings."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(None, output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def filled(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        if isinstance(value, list):
            return _as_one(value, self.output_field, connection)
        return self.output_field.get_db_prep_value(value, connection)


def _as_one(
    values: Sequence[Any], field: "Field[Any, Any]", connection: BaseDatabaseWrapper
) -> list[Any] | str:
    """A list as a single value of a statement."""
    prepared = [field.get_db_prep_value(value, connection) for value in values]
    return prepared if connection.vendor == "postgresql" else json.dumps(prepared)


@Field.register_lookup
class AnyOf(Lookup):
    """`in`, for a list or the `Slot` of one: it goes over as one value, so there is one statement
    for lists of all lengths, and building it does not cost more with each key."""

    lookup_name = "any_of"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (_as_one(value, self.lhs.output_field, connection),)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, _ = self.process_lhs(compiler, connection)
        values, slot = self.process_rhs(compiler, connection)
        return f"{column} IN (SELECT value FROM json_each({values}))", slot  # noqa: S608  # compiled

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        column, _ = self.process_lhs(compiler, connection)
        values, slot = self.process_rhs(compiler, connection)
        return f"{column} = ANY({values}::{self.lhs.output_field.rel_db_type(connection)}[])", slot


@dataclass(frozen=True)
class _Built:
    compiler: SQLCompiler
    sql: str
    params: tuple[Any, ...]


class Prebuilt(Generic[M]):
    """The rows of a queryset, by values that differ from run to run.

    `build` is called once, with a `Slot` for each value, and returns the queryset; lists are compared
    by `any_of`. `fields`: by name, the field that each value is compared with.
    """

    def __init__(self, build: Callable[..., QuerySet[M]], **fields: "Field[Any, Any]") -> None:
        self._build = build
        self._fields = fields

    def rows(self, **values: Any) -> list[M]:
        built = self._built
        connection = connections[DEFAULT_DB_ALIAS]  # the thread's own
        params = tuple(
            part.filled(values[part.name], connection) if isinstance(part, Slot) else part
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

    @cached_property
    def _built(self) -> _Built:
        slots = {name: Slot(name, field) for name, field in self._fields.items()}
        compiler = self._build(**slots).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        compiler.connection = None  # it is this thread's: each run brings its own
        return _Built(compiler, sql, tuple(params))


class Blank(Generic[M]):
    """Many new rows of one model that have most in common: a third of what the model's own way costs,
    which asks each field for its default.

    `common`: what is the same in all. Values go by attribute names (`owner_id`, and no `owner`);
    raises KeyError for a name that the model has not got.
    """

    def __init__(self, model: type[M], **common: Any) -> None:
        self._model = model
        fields = model._meta.concrete_fields
        self._places = {field.attname: place for place, field in enumerate(fields)}
        self._values = self._filled([field.get_default() for field in fields], common)
        self._fresh = [
            (place, field.get_default)
            for place, field in enumerate(fields)
            if field.has_default() and callable(field.default) and field.attname not in common
        ]

    def row(self, **own: Any) -> M:
        values = self._values.copy()
        for place, default in self._fresh:
            values[place] = default()
        return self._model(*self._filled(values, own))

    def _filled(self, values: list[Any], given: Mapping[str, Any]) -> list[Any]:
        for name, value in given.items():
            values[self._places[name]] = value
        return values


class Insert(Generic[M]):
    """`bulk_create`, quicker: where there is one row, and on PostgreSQL where there are many.

    `updating`: the names of the fields that are written where a row with that key exists.
    `ignoring`: leave what is there already as it is; rows get no keys. What rows refer to has its
    key when they are made.
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
        elif rows and connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
            self._many(rows)
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
        self._store([row], self._of_one, values)

    def _many(self, rows: Sequence[M]) -> None:
        """What is the same thing in all rows goes over once, and an array for each other column.

        Most of a row is its defaults: preparing them one by one was most of what an insert cost.
        """
        connection = connections[DEFAULT_DB_ALIAS]
        drawn: list[str] = []
        news: list[tuple[str, str]] = []
        once: list[Any] = []
        lists: list[list[Any]] = []
        for field, column, kind in self._columns:
            given = [field.pre_save(row, add=True) for row in rows]
            if lists and all(value is given[0] for value in given):
                drawn.append(f"%s::{kind}")
                once.append(field.get_db_prep_save(given[0], connection))
            else:
                drawn.append(column)
                news.append((column, f"%s::{kind}[]"))
                lists.append([field.get_db_prep_save(value, connection) for value in given])
        columns, arrays = (", ".join(part) for part in zip(*news, strict=True))
        values = f"SELECT {', '.join(drawn)} FROM UNNEST({arrays}) AS new ({columns})"  # noqa: S608  # names of our own
        self._store(rows, self._sql(values), [*once, *lists])

    def _store(self, rows: Sequence[M], sql: str, values: Sequence[Any]) -> None:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(sql, values)
            keys = [] if self._ignoring else cursor.fetchall()
        for row, (key,) in zip(rows, keys, strict=not self._ignoring):
            row.pk = key
        for row in rows:
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS

    @cached_property
    def _columns(self) -> list[tuple["Field[Any, Any]", str, str]]:
        """Each field with its column's name and its type, without length: nothing is cut off."""
        connection = connections[DEFAULT_DB_ALIAS]
        quoted = connection.ops.quote_name
        return [
            (field, quoted(str(field.column)), str(field.rel_db_type(connection)).partition("(")[0])
            for field in self._fields
        ]

    @cached_property
    def _of_one(self) -> str:
        return self._sql(f"VALUES ({', '.join(['%s'] * len(self._fields))})")

    def _sql(self, values: str) -> str:
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
            table=quoted(meta.db_table), columns=", ".join(columns.values()), values=values, end=end
        )
