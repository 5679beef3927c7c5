"""Secrets at rest: Fernet, with a list of keys so that they can be rotated."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
else:  # the generic exists for the type checker alone
    TextField = models.TextField


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def fernet() -> MultiFernet:
    return _fernet(tuple(settings.FIELD_KEYS))


class EncryptedTextField(TextField):
    """Text that is ciphertext in the database. Cannot be searched or compared there.

    The first of `settings.FIELD_KEYS` encrypts, all of them decrypt; `manage.py rotate_field_keys`
    rewrites every row with the first. Raises ImproperlyConfigured when no key fits.
    """

    def get_lookup(self, lookup_name: str) -> Any:
        # The same text is never the same ciphertext: any other lookup would quietly find nothing.
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        return fernet().encrypt(str(value).encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if value is None:
            return None
        try:
            return fernet().decrypt(value.encode()).decode()
        except InvalidToken:
            raise ImproperlyConfigured(
                f"No key of FIELD_KEYS decrypts {self.model.__name__}.{self.name}: "
                "was a key removed before rotate_field_keys ran?"
            ) from None
