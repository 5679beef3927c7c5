"""core.fields: secrets are ciphertext in the database, and keys can be rotated."""

import io

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

from bots.models import Bot
from tests.factories import make_bot, make_project

pytestmark = pytest.mark.django_db

TOKEN = "123456:canary-token"
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def bot(settings) -> Bot:
    settings.FIELD_KEYS = [OLD]
    return make_bot(make_project(), token=TOKEN)


def stored() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM bots_bot ORDER BY id")
        return [token for (token,) in cursor.fetchall()]


def rotate() -> str:
    output = io.StringIO()
    call_command("rotate_field_keys", stdout=output)
    return output.getvalue()


def test_the_database_holds_ciphertext_and_the_row_plain_text(bot):
    (ciphertext,) = stored()
    assert "canary" not in ciphertext
    assert Fernet(OLD).decrypt(ciphertext) == TOKEN.encode()
    assert Bot.objects.get().token == TOKEN


def test_an_update_of_many_rows_encrypts_too(bot):
    Bot.objects.update(token="other-canary")
    assert "canary" not in stored()[0]
    assert Bot.objects.get().token == "other-canary"


def test_the_same_text_is_never_the_same_ciphertext(bot):
    before = stored()
    bot.save()
    assert stored() != before


def test_it_cannot_be_searched(bot):
    with pytest.raises(FieldError, match="token|EncryptedTextField"):
        Bot.objects.filter(token=TOKEN).exists()
    with pytest.raises(FieldError, match="token|EncryptedTextField"):
        Bot.objects.filter(token__startswith="123").exists()


def test_a_key_that_was_added_in_front_still_reads_the_old(bot, settings):
    settings.FIELD_KEYS = [NEW, OLD]
    assert Bot.objects.get().token == TOKEN


def test_rotation_rewrites_every_row_so_that_the_old_key_can_go(bot, settings):
    settings.FIELD_KEYS = [NEW, OLD]
    assert "bots.Bot: 1 rows" in rotate()
    settings.FIELD_KEYS = [NEW]
    assert Bot.objects.get().token == TOKEN
    assert Fernet(NEW).decrypt(stored()[0]) == TOKEN.encode()


def test_a_key_that_was_removed_too_early_is_named(bot, settings):
    settings.FIELD_KEYS = [NEW]
    with pytest.raises(ImproperlyConfigured, match=r"FIELD_KEYS decrypts Bot\.token.*rotate"):
        Bot.objects.get()


def test_text_that_is_no_ciphertext_is_named_as_well(bot):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bots_bot SET token = 'plain'")
    with pytest.raises(ImproperlyConfigured, match=r"Bot\.token"):
        Bot.objects.get()
