"""manage.py doctor: what it prints, and its exit codes."""

import json
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from bots.models import Bot
from core import clock
from insights.checks import TITLES
from insights.models import Answer
from routing.models import Presence
from tests.factories import make_message, make_project, make_session
from tests.support.servers import free_port
from tests.support.source import ROOT

pytestmark = pytest.mark.django_db

KEYS = {"version", "at", "project", "bot", "state", "counts", "checks"}
KEYS_OF_A_CHECK = {"number", "code", "title", "state", "at", "evidence", "fixes", "guide"}


def doctor(*words):
    """(exit code, what it says)."""
    out = StringIO()
    try:
        call_command("doctor", *words, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def offline(project, *words):
    return doctor(str(project.public_id), "--offline", *words)


def test_all_is_well(project):
    code, said = offline(project)
    assert code == 0
    assert said.startswith("Help, 20")
    assert " 1 ok   Agents are signed in\n" in said
    assert " 8 ?    Redirect links lead here\n" in said
    assert said.endswith("\n15 ok, 0 failed, 2 unknown\n")


def test_a_check_fails(project, lena):
    Presence.objects.filter(user=lena.user).update(status="away")
    code, said = offline(project)
    assert code == 1
    assert " 2 FAIL Somebody is online\n        Lena: away since " in said
    assert "        -> Somebody presses “Go online”. /app/\n" in said


def test_a_project_can_be_called_by_its_name(project):
    assert doctor("Help", "--offline")[0] == 0


@pytest.mark.parametrize("name", ["Nix", "Twice"])
def test_what_it_cannot_find_is_exit_code_2(project, name):
    make_project(project.company, "Twice"), make_project(project.company, "Twice")
    with pytest.raises(CommandError) as refused:
        doctor(name, "--offline")
    assert refused.value.returncode == 2


def test_a_token_that_no_key_opens_is_no_verdict_about_the_project(project, settings):
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="FIELD_KEYS") as refused:
        doctor("Help")
    assert refused.value.returncode == 2
    assert offline(project)[0] == 0


def test_json_has_the_keys_that_are_documented(project, bot):
    code, said = offline(project, "--json")
    report = json.loads(said)
    assert (code, report["version"], report["state"]) == (0, 1, "pass")
    assert set(report) == KEYS
    assert report["project"] == {
        "id": str(project.public_id),
        "name": "Help",
        "state": "active",
        "time_zone": "Asia/Tokyo",
    }
    assert report["bot"] == {"username": "help_bot", "mode": "polling", "state": "ok"}
    assert report["counts"] == {"pass": 15, "fail": 0, "unknown": 2}
    assert all(set(check) == KEYS_OF_A_CHECK for check in report["checks"])
    assert [check["code"] for check in report["checks"]] == list(TITLES)


def test_every_key_and_code_stands_in_the_documentation():
    text = (ROOT / "docs" / "doctor.md").read_text()
    for name in KEYS | KEYS_OF_A_CHECK | set(TITLES):
        assert f"`{name}`" in text, name


def test_it_tells_no_token_and_nothing_of_a_customer(project, bot, lena):
    session = make_session(project, owner=lena, waiting_since=clock.now())
    make_message(session, "a secret of mine")
    Presence.objects.update(status="away")
    for words in ([], ["--json"]):
        said = offline(project, *words)[1]
        assert bot.token.partition(":")[2] not in said
        assert "a secret of mine" not in said
        assert session.customer.name not in said
    assert "Lena" not in offline(project, "--json")[1]


def test_it_asks_telegram_unless_it_is_told_not_to(project, bot, telegram):
    telegram.add_bot(bot)
    offline(project)
    assert telegram.calls("getMe") == []
    code, said = doctor("Help")
    assert code == 0
    assert "Telegram accepts the token, asked 0 s ago." in said
    assert len(telegram.calls("getMe")) == len(telegram.calls("getWebhookInfo")) == 1
    assert Answer.objects.get().webhook == "none"


def test_telegram_refuses_the_token(project, bot, telegram):
    telegram.add_bot(bot)
    telegram.fault("401", method="getMe", count=1)
    code, said = doctor("Help")
    assert code == 1
    assert " 7 FAIL The bot is read\n" in said
    assert "Telegram refuses the token" in said
    assert bot.token not in said


def test_a_telegram_that_does_not_answer_fails_nothing(project, settings):
    settings.TELEGRAM_API_BASE = f"http://127.0.0.1:{free_port()}"
    code, said = doctor("Help")
    assert code == 0
    assert "Telegram could not be reached from here" in said


def test_the_token_of_another_bot(project, bot, telegram):
    telegram.add_bot(bot)
    Bot.objects.update(telegram_id=bot.telegram_id + 1)
    assert "The token is that of another bot" in doctor("Help")[1]


def test_a_webhook_of_somebody_else_is_named_by_its_host(project, bot, telegram):
    telegram.add_bot(bot)
    telegram.bot_call(bot, "setWebhook", url="https://elsewhere.example/hook/secret")
    code, said = doctor("Help")
    assert code == 1
    assert "Its webhook points to elsewhere.example." in said
    assert "hook/secret" not in said
    assert Bot.objects.get().state == "ok"  # it only looks


def test_a_project_without_a_bot_is_asked_about_nowhere(telegram):
    make_project(name="Draft", state="draft")
    assert doctor("Draft")[0] == 1
    assert telegram.calls("getMe") == []
