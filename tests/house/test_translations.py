"""Every text is in every language. Compiled catalogues are committed, so that nobody needs gettext;
they must be fresh."""

import re
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings
from django.utils.formats import get_format_modules
from django.utils.translation import to_locale

from core.formats.en import formats
from tests.support import marked
from tests.support.source import ROOT, name_of


def catalogues() -> list[Path]:
    return sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po"))


def entries(file: Any) -> set[tuple[object, ...]]:
    return {
        (entry.msgctxt, entry.msgid, entry.msgstr, str(entry.msgstr_plural))
        for entry in file.translated_entries()
        if "fuzzy" not in entry.flags
    }


MARKED = {"django": marked.in_django, "djangojs": marked.in_javascript}
LANGUAGES = [code for code, _name in settings.LANGUAGES]
TRANSLATED = [code for code in LANGUAGES if code != "en"]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z]|\{\w+\}")


def catalogue(language: str, domain: str) -> dict[marked.Text, Any]:
    path = ROOT / "locale" / to_locale(language) / "LC_MESSAGES" / f"{domain}.po"
    found = [entry for entry in polib.pofile(str(path)) if not entry.obsolete]
    return {(entry.msgctxt, entry.msgid, entry.msgid_plural): entry for entry in found}


@pytest.mark.parametrize("domain", MARKED)
@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_and_nothing_else(language, domain):
    """docs/operations.md says how a text comes into the catalogues."""
    told, texts = catalogue(language, domain), MARKED[domain]()
    assert len(texts) > 300
    assert sorted(text[1] for text in texts - told.keys()) == []
    assert sorted(text[1] for text in told.keys() - texts) == []
    raw = [key[1] for key, entry in told.items() if entry.fuzzy or not entry.translated()]
    assert raw == []


def holes(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text.replace("%%", "")))


def unlike(entry: Any) -> bool:
    """Of the two numbers one may say less: "One session", "{n} sessions"."""
    one, many = holes(entry.msgid), holes(entry.msgid_plural or entry.msgid)
    said = [entry.msgstr] if not entry.msgid_plural else entry.msgstr_plural.values()
    return any(not one & many <= holes(text) <= one | many for text in said)


@pytest.mark.parametrize("domain", MARKED)
@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_filled_in_is_the_same_in_every_language(language, domain):
    wrong = [key[1] for key, entry in catalogue(language, domain).items() if unlike(entry)]
    assert wrong == []


def test_it_would_see_a_hole_that_is_missing_or_made_up():
    for said in ("Привет", "Привет, %(nam)s", "Привет, %(name)d"):
        assert unlike(polib.POEntry(msgid="Hello, %(name)s", msgstr=said))
    assert not unlike(polib.POEntry(msgid="%s of 100 %%", msgstr="100 %%: %s"))
    counted = polib.POEntry(msgid="One", msgid_plural="{n} of them", msgstr_plural={0: "{n} 个"})
    assert not unlike(counted)


@pytest.mark.parametrize("domain", MARKED)
@pytest.mark.parametrize("language", TRANSLATED)
def test_every_number_has_a_form(language, domain):
    """As many as the language has, else it would be English for some of them."""
    path = ROOT / "locale" / to_locale(language) / "LC_MESSAGES" / f"{domain}.po"
    count = int(re.search(r"nplurals=(\d)", polib.pofile(str(path)).metadata["Plural-Forms"])[1])
    plurals = [e for e in catalogue(language, domain).values() if e.msgid_plural]
    assert plurals
    assert {len(entry.msgstr_plural) for entry in plurals} == {count}


def test_every_catalogue_is_compiled_and_fresh():
    stale = [
        name_of(path)
        for path in catalogues()
        if not path.with_suffix(".mo").exists()
        or entries(polib.pofile(str(path))) != entries(polib.mofile(str(path.with_suffix(".mo"))))
    ]
    assert stale == []


NAMES_OF_FORMATS = {name for name in vars(formats) if name.isupper()}


@pytest.mark.parametrize("language", LANGUAGES)
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
