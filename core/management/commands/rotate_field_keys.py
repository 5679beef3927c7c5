from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from core import tx
from core.fields import EncryptedTextField


class Command(BaseCommand):
    help = "Rewrite every encrypted field with the first of FIELD_KEYS, so older keys can go."

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            names = [f.name for f in model._meta.concrete_fields if is_encrypted(f)]
            if names:
                count = rewrite(model, names)
                self.stdout.write(f"{model._meta.label}: {count} rows")


def is_encrypted(field: Any) -> bool:
    return isinstance(field, EncryptedTextField)


def rewrite(model: Any, names: list[str]) -> int:
    """Save each row of `model` again, one short transaction each; the number of rows."""
    count = 0
    for pk in model._base_manager.order_by("pk").values_list("pk", flat=True):
        with tx.change():
            for row in tx.lock(model._base_manager.filter(pk=pk)):
                row.save(update_fields=names)
                count += 1
    return count
