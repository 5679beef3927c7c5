"""Checks 7 and 8, and another program: each names evidence and a fix when it fails."""

import pytest
from django.conf import settings

from bots.models import Bot
from core import clock
from insights.models import Answer
from tests.factories import make_link
from tests.insights.looking import ago, checks, failing, page_of, passing

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("invalid", "Telegram refuses its token"),
        ("conflict", "another program reads this bot"),
        ("elsewhere", "its webhook points elsewhere"),
        ("deaf", "nothing has been read for too long"),
    ],
)
def test_7_a_trouble_that_has_a_name(project, state, said):
    Bot.objects.update(state=state)
    evidence, links = failing(project, "bot")
    assert evidence.startswith(f"@help_bot: {said}.")
    assert links == {page_of(project, "bot")}


def test_7_nobody_reads(project):
    Bot.objects.update(lease_expires_at=ago(minutes=1))
    assert "nobody reads it" in failing(project, "bot")[0]


def test_7_the_last_read_is_too_long_ago(project):
    Bot.objects.update(last_read_at=ago(seconds=80))
    assert "answers late" in failing(project, "bot")[0]


def test_7_is_not_known_before_the_first_read(project):
    Bot.objects.update(last_read_at=None)
    assert checks(project)["bot"].state == "unknown"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"code": "bad_token"}, "Telegram refuses the token, asked 1 min"),
        ({"code": "other_bot"}, "The token is that of another bot"),
        ({"webhook": "elsewhere", "webhook_host": "x.example"}, "points to x.example"),
        (
            {"webhook": "ours", "is_failing": True, "webhook_error": "Bad Gateway"},
            "cannot deliver: “Bad Gateway”",
        ),
    ],
)
def test_7_telegram_was_asked_and_says_otherwise(project, bot, answer, said):
    Answer.objects.create(bot=bot, asked_at=ago(minutes=1), **answer)
    assert said in failing(project, "bot")[0]


def test_7_telegram_that_could_not_be_asked_proves_nothing(project, bot):
    Answer.objects.create(bot=bot, asked_at=ago(seconds=1), code="unreachable")
    assert "Telegram could not be reached from here" in passing(project, "bot")


@pytest.mark.parametrize("old", ["answer", "token"])
def test_7_an_answer_that_is_old_or_about_an_old_token_says_nothing(project, bot, old):
    Answer.objects.create(bot=bot, asked_at=ago(minutes=4), code="bad_token")
    assert failing(project, "bot")
    if old == "answer":
        Answer.objects.update(asked_at=ago(minutes=6))
    else:
        Bot.objects.update(connected_at=ago(minutes=3))
    assert "was not asked in the last minutes" in passing(project, "bot")


def test_7_a_bot_that_should_have_a_webhook_and_has_none(project, bot):
    Bot.objects.update(mode="webhook")
    Answer.objects.create(bot=bot, asked_at=clock.now(), webhook="none")
    assert "Telegram has no webhook for it." in failing(project, "bot")[0]


def test_8_says_that_it_cannot_know_and_what_to_try(project):
    check = checks(project)["links"]
    assert check.state == "unknown"
    assert check.fixes[0].link == f"{settings.TELEGRAM_LINK_BASE}/help_bot"
    assert "press START" in check.fixes[0].text


def test_8_knows_where_links_lead(project, bot, settings):
    settings.PUBLIC_URL = "https://go.acme.example"
    make_link(project, name="Poster")
    make_link(project, name="Old", is_enabled=False)
    check = checks(project)["links"]
    assert check.state == "pass"
    assert check.evidence == ("1 link leads to @help_bot.", "Expired or switched off: Old.")
    Bot.objects.update(state="deaf")
    evidence, links = failing(project, "links")
    assert evidence.startswith("Poster: the bot is not read")
    assert links == {page_of(project, "bot")}


def test_another_program_reads_the_bot(project, bot):
    Answer.objects.create(
        bot=bot, asked_at=clock.now(), webhook="elsewhere", webhook_host="x.example"
    )
    assert failing(project, "rival")[0] == "Its webhook points to x.example."
    Bot.objects.update(state="conflict")
    assert "another program reads this bot" in failing(project, "rival")[0]
