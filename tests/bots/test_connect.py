"""Connecting a bot: Telegram is asked first, and what is refused saves nothing."""

import pytest

from accounts.models import AuditEntry
from bots import wire
from bots.actions import bots, inbox, reading
from bots.models import Bot
from core import tx
from core.errors import DeliveryError, Refusal
from projects.models import Project
from tests.factories import make_project, make_user
from tests.support.servers import free_port
from tests.support.telegram import BOT_ID, TOKEN
from tests.support.threads import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project(state=Project.State.DRAFT)


def connect(project, token=TOKEN, actor=None):
    return bots.connect(project=project, token=token, actor=actor)


def refusal_of(project, token=TOKEN):
    with pytest.raises(Refusal) as refused:
        connect(project, token)
    assert not Bot.objects.filter(project=project).exists()
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
    return refused.value


def test_it_connects_a_bot_that_telegram_knows(telegram, project):
    telegram.add_bot()
    alice = make_user("Alice")
    bot = connect(project, f"  {TOKEN}\n", alice)
    assert (bot.telegram_id, bot.username, bot.name) == (BOT_ID, "canary_bot", "Canary")
    assert Bot.objects.get().token == TOKEN
    with tx.change():
        assert inbox.lock_inbox(bot.pk) == bot
    project.refresh_from_db()
    assert project.state == Project.State.ACTIVE
    entry = AuditEntry.objects.get(verb="bot.connected")
    assert (entry.actor, entry.target, entry.company) == (alice, "@canary_bot", project.company)
    assert TOKEN not in str(entry.data)


@pytest.mark.parametrize(
    "token",
    ["", "hello", "123", TOKEN + "\x00", TOKEN + "\ud800", TOKEN.replace(":", ""), "1" * 5000],
)
def test_what_is_no_token_never_leaves(telegram, project, token):
    assert refusal_of(project, token).code == "bad_token"
    assert telegram.calls("getMe") == []


def test_a_token_that_telegram_does_not_know_is_refused(telegram, project):
    assert refusal_of(project).code == "bad_token"
    assert len(telegram.calls("getMe")) == 1


def test_a_token_that_was_replaced_is_refused(telegram, project):
    telegram.add_bot()
    telegram.post(f"bots/{BOT_ID}/revoke")
    assert refusal_of(project).code == "bad_token"


def test_a_bot_of_another_project_is_refused_without_saying_whose(telegram, project):
    telegram.add_bot()
    other = make_project(name="Secret project")
    connect(other)
    refusal = refusal_of(project)
    assert refusal.code == "bot_taken"
    assert "Secret" not in str(refusal.message)
    assert refusal.data == {}


def test_a_project_keeps_its_bot(telegram, project):
    telegram.add_bot()
    connect(project)
    second = f"{BOT_ID + 1}:" + "B" * 35
    telegram.post("bots", token=second, username="second_bot", name="Second")
    with pytest.raises(Refusal) as refused:
        connect(project, second)
    assert (refused.value.code, refused.value.data) == (
        "project_has_bot",
        {"username": "canary_bot"},
    )
    assert Bot.objects.get().token == TOKEN


def test_a_new_token_of_the_same_bot_heals_it(telegram, project):
    telegram.add_bot()
    bot = connect(project)
    bots.set_state(bot=bot, state=Bot.State.INVALID, error="Unauthorized")
    Bot.objects.update(next_offset=42)
    new = telegram.post(f"bots/{BOT_ID}/revoke")["token"]
    healed = connect(project, new)
    healed.refresh_from_db()
    project.refresh_from_db()
    assert (healed.pk, healed.token, healed.state) == (bot.pk, new, Bot.State.OK)
    assert (healed.next_offset, healed.last_error) == (42, "")
    assert project.state == Project.State.ACTIVE


def test_a_paused_project_stays_paused(telegram, project):
    Project.objects.update(state=Project.State.PAUSED)
    telegram.add_bot()
    bot = connect(project)
    bots.set_state(bot=bot, state=Bot.State.INVALID)
    project.refresh_from_db()
    assert project.state == Project.State.PAUSED


@pytest.mark.parametrize(
    "fault", [{"kind": "500"}, {"kind": "502html"}, {"kind": "429"}, {"kind": "empty"}]
)
@pytest.mark.parametrize("method", ["getMe", "getWebhookInfo"])
def test_nothing_is_saved_when_telegram_cannot_say(telegram, project, fault, method):
    telegram.add_bot()
    telegram.fault(**fault, method=method, count=1)
    assert refusal_of(project).code == "telegram_unreachable"
    assert connect(project).telegram_id == BOT_ID


def test_telegram_that_cannot_be_reached_is_named(settings, project):
    settings.TELEGRAM_API_BASE = f"http://127.0.0.1:{free_port()}"
    refusal = refusal_of(project)
    assert (refusal.code, refusal.data) == ("telegram_unreachable", {"reason": "unreachable"})


def test_a_webhook_that_stands_in_the_way_is_removed(telegram, project):
    telegram.add_bot()
    wire.set_webhook(TOKEN, url="http://127.0.0.1:8443/hook", secret="s3cret")
    connect(project)
    assert wire.get_webhook_info(TOKEN).url == ""
    assert AuditEntry.objects.get(verb="bot.connected").data["webhook_removed"] == "127.0.0.1"


def test_a_refused_connection_leaves_the_others_webhook_alone(telegram, project):
    telegram.add_bot()
    connect(make_project())
    wire.set_webhook(TOKEN, url="http://127.0.0.1:8443/hook", secret="s3cret")
    refusal_of(project)
    assert wire.get_webhook_info(TOKEN).url == "http://127.0.0.1:8443/hook"


@pytest.mark.django_db(transaction=True)
def test_of_two_projects_that_connect_one_bot_at_once_one_gets_it(telegram):
    telegram.add_bot()
    rivals = [make_project(), make_project()]
    answers = together(*[lambda project=project: connect(project) for project in rivals])
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    assert [refusal.code for refusal in refusals] == ["bot_taken"]
    assert Bot.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres  # on SQLite there is one lock, and no order
@pytest.mark.slow
@pytest.mark.parametrize("code", ["409", "401"])
def test_a_new_token_and_trouble_with_the_old_one_do_not_stand_in_each_others_way(
    telegram, project, code
):
    """Called bare: `tx.run` would hide a deadlock by doing it all again."""
    telegram.add_bot()
    bots = [connect(project)]
    trouble = DeliveryError(code, "terminated by revoking the token")

    def keeps_connecting():
        for _ in range(20):
            bots.append(connect(project))

    def keeps_failing():
        while len(bots) < 20:
            reading.failed(bot=bots[-1], error=trouble)

    assert together(keeps_connecting, keeps_failing) == [None, None]
