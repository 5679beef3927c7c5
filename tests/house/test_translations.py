"""Compiled catalogues are committed, so that nobody needs gettext; they must be fresh."""

from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings
from django.utils.formats import get_format_modules

from core.formats.en import formats
from tests.support.source import ROOT, name_of


def catalogues() -> list[Path]:
    return sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po"))


def entries(file: Any) -> set[tuple[object, ...]]:
    return {
        (entry.msgctxt, entry.msgid, entry.msgstr, str(entry.msgstr_plural))
        for entry in file.translated_entries()
        if "fuzzy" not in entry.flags
    }


def test_every_catalogue_is_compiled_and_fresh():
    stale = [
        name_of(path)
        for path in catalogues()
        if not path.with_suffix(".mo").exists()
        or entries(polib.pofile(str(path))) != entries(polib.mofile(str(path.with_suffix(".mo"))))
    ]
    assert stale == []


NAMES_OF_FORMATS = {name for name in vars(formats) if name.isupper()}


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_every_language_writes_days_its_own_way(language):
    """A name that is missing would be taken for a format of that spelling."""
    own, *_djangos = get_format_modules(language)
    assert {name for name in vars(own) if name.isupper()} == NAMES_OF_FORMATS


def test_no_compiled_catalogue_is_without_its_source():
    orphans = [
        name_of(path)
        for path in (ROOT / "locale").glob("*/LC_MESSAGES/*.mo")
        if not path.with_suffix(".po").exists()
    ]
    assert orphans == []
