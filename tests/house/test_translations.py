"""Compiled catalogues are committed, so that nobody needs gettext; they must be fresh."""

from pathlib import Path
from typing import Any

import polib

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


def test_no_compiled_catalogue_is_without_its_source():
    orphans = [
        name_of(path)
        for path in (ROOT / "locale").glob("*/LC_MESSAGES/*.mo")
        if not path.with_suffix(".po").exists()
    ]
    assert orphans == []
