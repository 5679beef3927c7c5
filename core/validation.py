"""A row's own rules, asked before it is written, whoever writes it."""

import re
from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import CharField, Field, Model
from django.utils.translation import gettext_lazy as _

from core.errors import Refusal
from core.text import storable

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def validate(row: Model, fields: Collection[str] | None = None) -> None:
    """Ask the rules of all fields, or of these, and of the row as a whole.

    Forms ask them too; commands and imports do not. Also refuses what PostgreSQL cannot keep and
    SQLite takes silently, and line breaks where a page shows one line. Raises Refusal `invalid` with {field: [messages]} as data.
    """
    asked = [field for field in row._meta.fields if fields is None or field.name in fields]
    others = {field.name for field in row._meta.fields} - {field.name for field in asked}
    try:
        row.clean_fields(exclude=others)
        for field in asked:
            _refuse_unshowable(field, getattr(row, field.attname))
        row.clean()
    except ValidationError as error:
        problems = error.message_dict
    else:
        return
    lines = [f"{name}: {' '.join(texts)}" for name, texts in problems.items()]
    raise Refusal("invalid", " ".join(lines), problems)


def _refuse_unshowable(field: "Field[Any, Any]", value: object) -> None:
    if not isinstance(value, str):
        return
    if storable(value) != value:
        raise ValidationError({field.name: [_("This holds characters that cannot be kept.")]})
    if isinstance(field, CharField) and CONTROL.search(value):
        raise ValidationError({field.name: [_("This must be one line.")]})
