"""Visitors read the trouble page in their own language."""

import re

import polib
import pytest

from tests.factories import make_bot, make_link, make_project
from tests.support.source import ROOT

TROUBLE = (ROOT / "templates/redirects/trouble.html").read_text()


@pytest.fixture
def link():
    project = make_project()
    make_bot(project)
    return make_link(project, is_enabled=False, fallback_url="https://acme.example/")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "lang", "said"),
    [
        ("en", "en", "This link is no longer open"),
        ("en-GB,en;q=0.9", "en", "This link is no longer open"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-hans", "此链接已失效"),
        ("zh-Hans", "zh-hans", "此链接已失效"),
        ("zh-SG", "zh-hans", "此链接已失效"),
        ("zh", "zh-hans", "此链接已失效"),
        ("ru-RU,ru;q=0.9", "ru", "Эта ссылка больше не действует"),
        ("uk, ru;q=0.5", "ru", "Эта ссылка больше не действует"),
        ("fr, zh-hans;q=0.2, ru;q=0.3", "ru", "Эта ссылка больше не действует"),
        ("fr", "en", "This link is no longer open"),
        ("*", "en", "This link is no longer open"),
        ("", "en", "This link is no longer open"),
        (None, "en", "This link is no longer open"),
        (";;q=,,-;q=9", "en", "This link is no longer open"),
        ("../../etc/passwd", "en", "This link is no longer open"),
        ("ру, \x00", "en", "This link is no longer open"),
        ("ru-" + "x" * 5000, "en", "This link is no longer open"),
    ],
)
def test_it_is_the_language_that_the_browser_asks_for(client, link, header, lang, said):
    headers = {} if header is None else {"Accept-Language": header}
    answer = client.get(f"/{link.code}", headers=headers)
    text = answer.content.decode()
    assert answer.status_code == 410
    assert said in text
    assert f'<html lang="{lang}"' in text


@pytest.mark.parametrize("language", ["zh_Hans", "ru"])
def test_every_sentence_of_it_is_translated(language):
    sentences = re.findall(r'{% translate "([^"]+)" %}', TROUBLE)
    catalogue = polib.pofile(str(ROOT / f"locale/{language}/LC_MESSAGES/django.po"))
    told = {entry.msgid for entry in catalogue.translated_entries()}
    assert len(sentences) == 8
    assert set(sentences) <= told
