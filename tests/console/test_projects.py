"""Founding, naming, pausing a project, and connecting its bot."""

import pytest

from accounts.models import AuditEntry
from bots.models import Bot
from projects.models import Project
from tests.factories import make_bot, make_company, make_member, make_project
from tests.support.api import browser
from tests.support.servers import free_port
from tests.support.telegram import BOT_ID, TOKEN

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project(make_company("Acme"), name="Help")


@pytest.fixture
def manager(project):
    return make_member(project.company, role="manager").user


@pytest.fixture
def client(manager):
    return browser(manager)


def errors_of(answer):
    assert answer.status_code == 200
    return dict(answer.context["form"].errors)


# ---------------------------------------------------------------- new


def new(client, company, **sent):
    given = {"name": "Support", "time_zone": "Europe/Berlin"} | sent
    return client.post(f"/console/companies/{company.public_id}/new/", given)


def test_it_creates_a_draft_and_leads_on(client, manager, project):
    answer = new(client, project.company)
    made = Project.objects.get(name="Support")
    assert answer["Location"] == f"/console/projects/{made.public_id}/"
    assert (made.company, made.state, made.time_zone) == (
        project.company,
        "draft",
        "Europe/Berlin",
    )
    assert AuditEntry.objects.get(verb="project.created").actor == manager


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 31),
        ("name", "Sup\x00port"),
        ("time_zone", ""),
        ("time_zone", "Mars/Base"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", "Europe"),
        ("time_zone", "UTC\x00"),
    ],
)
def test_it_names_the_field_that_is_wrong(client, project, field, value):
    assert list(errors_of(new(client, project.company, **{field: value}))) == [field]
    assert Project.objects.count() == 1


def test_a_draft_is_led_to_its_bot(client, project):
    Project.objects.update(state=Project.State.DRAFT)
    page = client.get(f"/console/projects/{project.public_id}/").content.decode()
    assert "To the first answered customer" in page
    assert f"/console/projects/{project.public_id}/bot/" in page


# ---------------------------------------------------------------- settings


SETTINGS = {
    "name": "Help",
    "remark": "",
    "time_zone": "UTC",
    "language": "en",
    "open_with": "start",
    "uncertain_policy": "hold",
    "send_within_s": "900",
    "keeps_visitor_ips": "on",
}


def change(client, project, **sent):
    return client.post(f"/console/projects/{project.public_id}/settings/", SETTINGS | sent)


def test_it_changes_the_settings_and_records_what_was_changed(client, manager, project):
    answer = change(client, project, name="Helpdesk", time_zone="Asia/Tokyo", send_within_s="60")
    assert answer.status_code == 302
    project.refresh_from_db()
    assert (project.name, project.time_zone, project.send_within_s) == (
        "Helpdesk",
        "Asia/Tokyo",
        60,
    )
    entry = AuditEntry.objects.get(verb="project.changed")
    assert entry.data == {"name": "Helpdesk", "time_zone": "Asia/Tokyo", "send_within_s": 60}
    assert entry.actor == manager


def test_saving_what_is_so_already_records_nothing(client, project):
    assert change(client, project).status_code == 302
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 31),
        ("name", "\x00"),
        ("remark", "x" * 201),
        ("time_zone", "Atlantis"),
        ("language", "tlh"),
        ("open_with", "prayer"),
        ("uncertain_policy", ""),
        ("send_within_s", "0"),
        ("send_within_s", "-5"),
        ("send_within_s", "soon"),
        ("send_within_s", "9" * 30),
        ("send_within_s", "1.5"),
    ],
)
def test_it_refuses_settings_that_make_no_sense(client, project, field, value):
    answer = change(client, project, **{field: value})
    assert list(errors_of(answer)) == [field]
    # the page still calls the project by the name it has
    assert answer.context["project"].name == "Help"
    project.refresh_from_db()
    assert (project.name, project.send_within_s) == ("Help", 900)


def test_what_people_write_is_shown_as_text(client, project):
    change(client, project, name="<b>Help</b>", remark="<script>alert(1)</script>")
    for page in ("", "settings/"):
        text = client.get(f"/console/projects/{project.public_id}/{page}").content.decode()
        assert "<b>Help" not in text
        assert "<script>alert" not in text


# ---------------------------------------------------------------- pause


def press(client, project, button):
    answer = client.post(f"/console/projects/{project.public_id}/{button}/")
    assert answer["Location"] == f"/console/projects/{project.public_id}/"
    project.refresh_from_db()
    return project.state


def test_it_pauses_and_resumes(client, manager, project):
    make_bot(project)
    assert press(client, project, "pause") == "paused"
    assert press(client, project, "pause") == "paused"
    assert press(client, project, "resume") == "active"
    assert press(client, project, "resume") == "active"
    entries = AuditEntry.objects.filter(verb="project.state").order_by("pk")
    assert [(entry.actor, entry.data["state"]) for entry in entries] == [
        (manager, "paused"),
        (manager, "active"),
    ]


def test_it_resumes_to_what_the_bot_allows(client, project):
    make_bot(project, state=Bot.State.INVALID)
    press(client, project, "pause")
    assert press(client, project, "resume") == "bot_invalid"


def test_a_paused_project_without_a_bot_resumes_as_a_draft(client, project):
    press(client, project, "pause")
    assert press(client, project, "resume") == "draft"


def test_there_is_nothing_to_pause_without_a_bot(client, project):
    Project.objects.update(state=Project.State.DRAFT)
    assert press(client, project, "pause") == "draft"


# ---------------------------------------------------------------- the bot


def connect(client, project, token=TOKEN):
    return client.post(f"/console/projects/{project.public_id}/bot/", {"token": token})


def test_it_connects_a_bot_that_telegram_knows(telegram, client, project):
    telegram.add_bot()
    Project.objects.update(state=Project.State.DRAFT)
    answer = connect(client, project, f" {TOKEN} ")
    assert answer["Location"] == f"/console/projects/{project.public_id}/"
    project.refresh_from_db()
    assert (Bot.objects.get().telegram_id, project.state) == (BOT_ID, "active")


def test_it_never_shows_a_token_again(telegram, client, project):
    telegram.add_bot()
    connect(client, project)
    refused = connect(client, project, TOKEN[:-1] + "x")
    assert list(errors_of(refused)) == ["__all__"]
    pages = [client.get(f"/console/projects/{project.public_id}/{page}") for page in ("", "bot/")]
    for page in (refused, *pages):
        assert "c4nary" not in page.content.decode()


@pytest.mark.parametrize("token", ["", "hello", TOKEN + "\x00", "1" * 101])
def test_it_refuses_what_is_no_token(telegram, client, project, token):
    assert errors_of(connect(client, project, token))
    assert not Bot.objects.exists()
    assert telegram.calls("getMe") == []


def test_it_says_that_telegram_does_not_know_the_token(telegram, client, project):
    errors = errors_of(connect(client, project))
    assert errors == {
        "__all__": ["Telegram does not accept this token. Copy it again from @BotFather, whole."]
    }


def test_it_says_that_telegram_cannot_be_asked(settings, client, project):
    settings.TELEGRAM_API_BASE = f"http://127.0.0.1:{free_port()}"
    (message,) = errors_of(connect(client, project))["__all__"]
    assert "Nothing was saved" in message
    assert not Bot.objects.exists()


def test_it_says_that_a_bot_is_taken_and_not_by_whom(telegram, client, project):
    telegram.add_bot()
    make_bot(make_project(make_company("Rival Ltd"), name="Secret"), telegram_id=BOT_ID)
    answer = connect(client, project)
    assert errors_of(answer)["__all__"] == ["This bot is already connected to another project."]
    assert "Rival" not in answer.content.decode()


def test_it_says_that_a_project_has_one_bot(telegram, client, project):
    telegram.add_bot()
    make_bot(project, username="first_bot")
    (message,) = errors_of(connect(client, project))["__all__"]
    assert "@first_bot" in message
