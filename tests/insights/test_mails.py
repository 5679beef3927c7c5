"""Alarm mails: who has them, that each comes once, and what becomes of those that cannot leave."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.utils import translation

from accounts.actions import choose_language
from core import clock
from core.errors import Refusal
from insights.actions import alarms, mails
from insights.models import Alarm, AlarmMail
from insights.queries.alarms import open_alarms
from projects.models import Project
from tests.factories import make_company, make_member, make_user
from tests.insights.looking import ago
from tests.insights.test_alarms import away, back
from tests.support.mail_server import mail_server
from tests.support.processes import python, said, say, started
from tests.support.servers import free_port
from tests.support.threads import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings):
    settings.PUBLIC_URL = "https://help.example.com"
    settings.DEFAULT_FROM_EMAIL = "TG-Staff <alarms@example.com>"
    with mail_server(settings) as running:
        yield running


@pytest.fixture
def mia(project):
    """Manages the project."""
    return make_member(project.company, make_user("Mia", email="mia@example.org"), "manager").user


@pytest.fixture
def olga(project):
    """Owns the company."""
    return make_member(project.company, make_user("Olga", email="olga@example.org"), "owner").user


def raise_it(project, lena):
    """Nobody can receive, and has not been able to for long."""
    away(lena)
    alarms.watch()
    Alarm.objects.filter(ended_at=None).update(began_at=ago(minutes=20))
    alarms.watch()
    assert open_alarms(project)


def end_it(lena):
    back(lena)
    alarms.watch()


def states():
    rows = AlarmMail.objects.order_by("pk").values_list("user__name", "about", "state")
    return list(rows)


def body(mail):
    return mail.get_payload(decode=True).decode()


def test_each_reads_the_language_he_has_chosen(project, lena, mia, olga, server):
    """Whatever is spoken where the mail is made."""
    Project.objects.update(language="ru")
    choose_language(user=mia, language="zh-hans")
    raise_it(project, lena)
    mails.send_due()
    alarm = Alarm.objects.get()
    letters = {mail["To"]: body(mail) for mail in server.mails}
    for address, language in (("mia@example.org", "zh-hans"), ("olga@example.org", "ru")):
        with translation.override(language):
            assert alarm.get_kind_display() in letters[address]
            assert alarm.evidence[0] in letters[address]


def test_each_manager_has_one_when_it_is_raised_and_one_when_it_is_over(
    project, lena, mia, olga, server
):
    raise_it(project, lena)
    assert mails.send_due() == 2
    assert sorted(mail["To"] for mail in server.mails) == ["mia@example.org", "olga@example.org"]
    said = body(server.mails[0])
    assert server.subjects[0] == "[Help] Nobody can receive"
    assert "Nobody can receive since " in said
    assert "Lena: away since " in said
    assert "- Who is away presses “Go online”.: https://help.example.com/app/" in said
    assert f"https://help.example.com/console/projects/{project.public_id}/alarms/" in said
    alarms.watch()
    assert mails.send_due() == 0
    end_it(lena)
    assert mails.send_due() == 2
    assert server.subjects[2:] == ["[Help] Over: Nobody can receive"] * 2
    assert "It is over. Nobody can receive: from " in body(server.mails[2])
    row = AlarmMail.objects.filter(user=mia).first()
    assert (row.address, row.attempts, row.error) == ("mia@example.org", 1, "")
    assert row.sent_at


def test_agents_and_other_companies_have_none(project, lena, mia, server):
    make_member(project.company, role="support")
    make_member(project.company, role="manager", is_enabled=False)
    make_member(make_company("Other"), role="owner")
    raise_it(project, lena)
    assert states() == [("Mia", "raised", "waiting")]


def test_who_does_not_want_them_has_none(project, lena, mia, olga, server):
    alarms.change_rules(project=project, actor=mia, unmailed=[mia])
    raise_it(project, lena)
    assert [name for name, _, _ in states()] == ["Olga"]


@pytest.mark.parametrize("how", ["unmailed", "no manager any more", "disabled"])
def test_who_stops_wanting_or_managing_gets_no_more(project, lena, mia, server, how):
    raise_it(project, lena)
    if how == "unmailed":
        alarms.change_rules(project=project, actor=mia, unmailed=[mia])
    elif how == "disabled":
        mia.is_active = False
        mia.save()
    else:
        mia.memberships.update(role="agent")
    assert mails.send_due() == 0
    assert server.mails == []
    assert states() == [("Mia", "raised", "dropped")]


def test_while_they_are_muted_none_leaves_and_the_alarm_stands(
    project, lena, mia, server, shift_clock
):
    alarms.mute(project=project, actor=mia, hours=1)
    raise_it(project, lena)
    assert states() == []
    alarms.mute(project=project, actor=mia, hours=0)
    end_it(lena)
    assert states() == []  # of what he was not told it is not told that it is over
    alarms.mute(project=project, actor=mia, hours=1)
    shift_clock(3700)
    lena.user.leases.update(expires_at=clock.now() + timedelta(hours=1))
    raise_it(project, lena)
    assert ("Mia", "raised", "waiting") in states()


def test_a_server_that_cannot_be_reached_is_named_and_tried_again(
    project, lena, mia, olga, server, settings, shift_clock
):
    settings.EMAIL_PORT = free_port()
    raise_it(project, lena)
    assert mails.send_due() == 0
    alarm = open_alarms(project)[0]  # it stands, whatever the mail server does
    assert all("refused" in mail.error and mail.is_stuck for mail in alarm.mails.all())
    assert states() == [("Mia", "raised", "waiting"), ("Olga", "raised", "waiting")]
    assert mails.send_due() == 0  # not at once
    settings.EMAIL_PORT = server.port
    shift_clock(61)
    assert mails.send_due() == 2
    assert {mail.error for mail in AlarmMail.objects.all()} == {""}


def test_a_server_that_hangs_costs_one_wait_and_not_one_for_each(project, lena, mia, olga, server):
    server.is_silent = True
    raise_it(project, lena)
    begun_at = clock.now()
    assert mails.send_due() == 0
    assert clock.now() - begun_at < timedelta(seconds=3)  # EMAIL_TIMEOUT is 1 s here
    assert all(mail.error.endswith("timed out") for mail in AlarmMail.objects.all())


def test_it_is_given_up_after_the_last_try(project, lena, mia, server, settings, shift_clock):
    settings.EMAIL_PORT = free_port()
    raise_it(project, lena)
    for pause in (*mails.PAUSES, timedelta()):
        assert states() == [("Mia", "raised", "waiting")]
        mails.send_due()
        shift_clock(pause.total_seconds() + 1)
    assert states() == [("Mia", "raised", "failed")]
    assert AlarmMail.objects.get().attempts == len(mails.PAUSES) + 1


@pytest.mark.parametrize(
    ("verb", "answer", "state"),
    [
        ("RCPT", "550 no such person", "failed"),
        ("RCPT", "451 later", "waiting"),
        ("DATA", "554 spam", "failed"),
        ("MAIL", "550 not from you", "waiting"),
    ],
)
def test_a_mail_that_is_refused_says_why(project, lena, mia, server, verb, answer, state):
    server.answers[verb] = answer
    raise_it(project, lena)
    mails.send_due()
    mail = AlarmMail.objects.get()
    assert (mail.state, mail.error) == (state, answer)


def test_one_that_is_refused_holds_up_no_other(project, lena, mia, olga, server):
    mia.email = "nobody@refused.example"
    mia.save()
    server.answers["RCPT"] = "550 no such person"
    raise_it(project, lena)
    mails.send_due()
    assert {state for _, _, state in states()} == {"failed"}
    assert AlarmMail.objects.filter(attempts=1).count() == 2


def test_an_alarm_that_is_over_before_its_mail_could_leave_is_told_once(
    project, lena, mia, server, settings, shift_clock
):
    settings.EMAIL_PORT = free_port()
    raise_it(project, lena)
    mails.send_due()
    end_it(lena)
    settings.EMAIL_PORT = server.port
    shift_clock(120)
    assert mails.send_due() == 1
    assert server.subjects == ["[Help] Over: Nobody can receive"]
    assert states() == [("Mia", "raised", "dropped"), ("Mia", "ended", "sent")]


def test_without_a_server_there_are_no_mails(project, lena, mia):
    raise_it(project, lena)
    assert states() == []
    with pytest.raises(Refusal, match="no_mail_server"):
        mails.try_out(project=project, user=mia)


def test_one_can_be_tried_out(project, mia, server):
    mails.try_out(project=project, user=mia)
    assert server.subjects == ["[Help] A mail to try it out"]
    server.answers["MAIL"] = "535 who are you"
    with pytest.raises(Refusal, match="mail_not_sent") as refused:
        mails.try_out(project=project, user=mia)
    assert "535 who are you" in str(refused.value.message)


def test_a_worker_that_died_while_sending_leaves_it_to_the_next(
    project, lena, mia, server, shift_clock
):
    raise_it(project, lena)
    assert mails._claim()  # and is gone
    assert mails.send_due() == 0
    shift_clock(mails.CLAIM.total_seconds() + 1)
    assert mails.send_due() == 1
    assert AlarmMail.objects.get().attempts == 2


def test_who_wakes_up_late_writes_over_nothing(project, lena, mia, server, shift_clock):
    raise_it(project, lena)
    frozen = mails._claim()
    shift_clock(mails.CLAIM.total_seconds() + 1)
    assert mails.send_due() == 1
    mails._record(frozen, state="failed", error="too late")
    assert AlarmMail.objects.get().state == "sent"


def test_the_same_mail_has_the_same_id_whoever_sends_it(project, lena, mia, server):
    raise_it(project, lena)
    mail = mails._claim()
    mails._send(mail), mails._send(mail)
    ids = {sent["Message-ID"] for sent in server.mails}
    assert ids == {f"<{mail.public_id}@example.com>"}


def test_the_mails_are_kicked_when_the_alarm_is_stored(project, lena, mia, server, monkeypatch):
    kicked = []
    monkeypatch.setattr("core.kick.task", kicked.append)
    raise_it(project, lena)
    assert kicked == ["insights.send_mails"]


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_sends_each(project, lena, server):
    for number in range(5):
        make_member(project.company, make_user(f"Manager {number}"), "manager")
    raise_it(project, lena)
    sent = together(*[mails.send_due] * 6)
    assert sum(sent) == 5
    assert len({mail["To"] for mail in server.mails}) == len(server.mails) == 5


SENDER = """
from insights.actions import alarms, mails
import sys
print("ready", flush=True)
sys.stdin.readline()
alarms.watch()
print("sent", mails.send_due(), flush=True)
"""


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_several_processes_one_raises_and_one_sends(
    project, lena, mia, olga, server, database_url, tmp_path
):
    away(lena)
    alarms.watch()
    Alarm.objects.update(began_at=ago(minutes=20))
    there = {
        "DATABASE_URL": database_url,
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(server.port),
        "EMAIL_SECURITY": "none",
    }
    logs = [tmp_path / f"{number}.log" for number in range(3)]
    with ExitStack() as stack:
        running = [stack.enter_context(started(python(SENDER), log, there)) for log in logs]
        for log in logs:
            said(log, "ready")
        for process in running:
            say(process, "go")
        for log in logs:
            said(log, "sent")
    assert Alarm.objects.filter(raised_at__isnull=False).count() == 1
    assert sorted(mail["To"] for mail in server.mails) == ["mia@example.org", "olga@example.org"]
