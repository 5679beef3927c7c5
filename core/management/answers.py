"""Commands that answer in JSON, for people and for scripts."""

import json
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, models

from core.errors import Refusal

M = TypeVar("M", bound=models.Model)


class AnswerCommand(BaseCommand):
    """`answer(**options)` returns plain data, which is printed as one JSON object.

    What is refused, and a database that is not ready, is one sentence and exit code 1.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data = self.answer(**options)
        except Refusal as refusal:
            raise CommandError(str(refusal.message)) from None
        except DatabaseError as error:
            raise CommandError(f"The database is not ready: {error}".splitlines()[0]) from None
        self.stdout.write(json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1))

    def answer(self, **options: Any) -> dict[str, Any]:
        raise NotImplementedError


def one_called(rows: "models.QuerySet[M]", text: str) -> M:
    """The row with this public id, or with this name if only one has it."""
    named = models.Q(name=text)
    with suppress(ValueError):
        named |= models.Q(public_id=UUID(text))
    found = list(rows.filter(named)[:2])
    if len(found) != 1:
        what = rows.model._meta.verbose_name
        problem = "There is no" if not found else "There is more than one"
        raise CommandError(f"{problem} {what} called {text!r}. Give its id.")
    return found[0]
