"""The admin: whose rows one sees, in lists, filters, choices, history and questions."""

from datetime import time
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.actions import record_audit
from accounts.models import Membership, User
from bots.models import Bot, ChatPause, InboundUpdate, Inbox, OutboundCall
from core import clock
from core.admin import CompanyAdmin
from core.models import Tick
from insights.models import Alarm, AlarmMail, AlarmRules, Answer
from redirects.models import Click, EarlyStart
from routing.actions import set_hours
from routing.hours import Span
from routing.models import PresenceInterval, Turn
from sessions_app.models import MessageChange, MessagePart, ReadMark, RoutingAttempt
from tests.factories import (
    make_agent,
    make_bot,
    make_company,
    make_lease,
    make_link,
    make_member,
    make_message,
    make_project,
    make_session,
)
from tests.support.source import our_apps

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"
CANARY = "Zzcanary"
# Without an admin: streams without people, programs, the row that a drain locks, addresses with
# secrets.
UNREGISTERED = {
    *("live.Feed", "live.Event", "bots.Holder", "bots.Inbox", "bots.Webhook"),
    "redirects.LinksVersion",
    "sessions_app.Judgement",  # stands with its attempts
    # the doctor tells what came back
    *("sessions_app.Ping", "sessions_app.Receipt", "sessions_app.DryRun"),
}


class Cast:
    """A company with one row in every table; every name that can hold one holds `mark`."""

    def __init__(self, mark: str) -> None:
        self.company = make_company(f"{mark} Company")
        self.project = make_project(self.company, f"{mark} Project")
        self.bot = make_bot(self.project, username=f"{mark}_bot", last_error=f"{mark} error")
        self.agent = make_agent(self.project, f"{mark} Agent")
        self.session = make_session(self.project, owner=self.agent)
        self.session.customer.first_name = f"{mark} Customer"
        self.session.customer.save()
        self.message = make_message(self.session, f"{mark} text")
        self.manager = make_member(self.company, role="manager").user
        self.owner = make_member(self.company, role="owner").user
        self._rest(mark)

    def _rest(self, mark: str) -> None:
        call = OutboundCall.objects.create(
            bot=self.bot, chat_id=1, method="sendMessage", params={"text": mark}
        )
        MessagePart.objects.create(message=self.message, call=call)
        MessageChange.objects.create(message=self.message, key=uuid4(), text_before=mark)
        ReadMark.objects.create(session=self.session, agent=self.agent, seen=1)
        RoutingAttempt.objects.create(session=self.session, trigger="opened", outcome="waiting")
        InboundUpdate.objects.create(bot=self.bot, update_id=1, raw=f'"{mark}"'.encode())
        ChatPause.objects.create(bot=self.bot, chat_id=1, until=clock.now())
        Turn.objects.create(pool=self.project.pool, agent=self.agent, number=1)
        make_lease(self.agent.user)
        set_hours(agent=self.agent, spans=[Span(0, time(9), time(17))], actor=None)
        PresenceInterval.objects.create(user=self.agent.user, state="online")
        Answer.objects.create(bot=self.bot, asked_at=clock.now(), webhook_host=f"{mark}.example")
        link = make_link(self.project, name=mark, note=mark)
        Click.objects.create(link=link, referrer=mark)
        EarlyStart.objects.create(project=self.project, ticket=mark, person=1, session=uuid4())
        alarm = Alarm.objects.create(
            project=self.project,
            kind="bot",
            began_at=clock.now(),
            seen_at=clock.now(),
            told={"en": {"evidence": [mark], "fixes": []}},
        )
        AlarmMail.objects.create(alarm=alarm, user=self.manager, about="raised", error=mark)
        AlarmRules.objects.create(project=self.project)
        record_audit(company=self.company, actor=self.owner, verb="tried", target=mark)


@pytest.fixture
def acme():
    return Cast("Acme")


@pytest.fixture
def foreign():
    return Cast(CANARY)


def browser(user):
    client = Client()
    client.force_login(user, BACKEND)
    return client


def ours():
    """Our registered admins."""
    return {
        model: its_admin
        for model, its_admin in admin.site._registry.items()
        if model._meta.app_label in our_apps()
    }


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_table_has_an_admin():
    tables = {m._meta.label for m in apps.get_models() if m._meta.app_label in our_apps()}
    assert tables - {model._meta.label for model in ours()} == UNREGISTERED


def test_every_admin_of_ours_keeps_companies_apart():
    assert all(isinstance(its_admin, CompanyAdmin) for its_admin in ours().values())
    staff_only = {model for model, its_admin in ours().items() if not its_admin.company_path}
    assert staff_only == {Tick}


@pytest.mark.slow
@pytest.mark.sweep
@pytest.mark.parametrize("role", ["owner", "manager"])
def test_lists_and_pages_show_ones_own_company_alone(acme, foreign, role):
    client = browser(getattr(acme, role))
    seen = 0
    for model, its_admin in ours().items():
        if not its_admin.company_path:
            continue
        page = client.get(address(model, "changelist"))
        assert page.status_code == 200, model
        assert CANARY not in page.content.decode(), model
        rows = page.context["cl"].queryset
        assert rows.count() >= 1, model
        for row in rows:
            one = client.get(address(model, "change", row.pk))
            assert one.status_code == 200, model
            assert CANARY not in one.content.decode(), model
            assert client.get(address(model, "history", row.pk)).status_code == 200
            seen += 1
    assert seen > 20


@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_a_foreign_row_looks_like_one_that_is_not_there(acme, foreign, page):
    client = browser(acme.owner)
    asked = 0
    for model in ours():
        mine = ours()[model].get_queryset(_request(acme.owner)).values("pk")
        for row in model._base_manager.exclude(pk__in=mine):
            answer = client.get(address(model, page, row.pk))
            missing = client.get(address(model, page, _missing(model)))
            assert (answer.status_code, answer.get("Location")) == (
                missing.status_code,
                missing.get("Location"),
            )
            assert answer.status_code in {302, 403}
            assert CANARY not in answer.content.decode()
            asked += 1
    assert asked > 20


def _request(user):
    request = RequestFactory().get("/admin/")
    request.user = user
    return request


def _missing(model):
    return "00000000-0000-4000-8000-000000000000" if model.__name__ == "Lease" else 999_999


def test_add_forms_offer_ones_own_company_alone(acme, foreign):
    client = browser(acme.manager)
    offered = 0
    for model, its_admin in ours().items():
        page = client.get(address(model, "add"))
        if its_admin.has_add_permission(_request(acme.manager)):
            assert page.status_code == 200
            assert CANARY not in page.content.decode(), model
            offered += 1
        else:
            assert page.status_code == 403
    assert offered == 5


def test_foreign_choices_are_refused(acme, foreign):
    client = browser(acme.owner)
    tries: list[Any] = [
        (
            Membership,
            {"company": foreign.company.pk, "email": "x@y.example", "name": "X", "role": "agent"},
        ),
        (type(acme.project), {"company": foreign.company.pk, "name": "Taken over"}),
        (type(acme.agent), {"project": foreign.project.pk, "user": acme.manager.pk}),
        (type(acme.agent), {"project": acme.project.pk, "user": foreign.agent.user_id}),
        (Bot, {"project": foreign.project.pk, "new_token": "123:abc"}),
    ]
    before = {model: model._base_manager.count() for model, _ in tries}
    for model, fields in tries:
        answer = client.post(address(model, "add"), fields)
        assert answer.status_code == 200
        assert "Select a valid choice" in str(answer.context["adminform"].form.errors)
        assert CANARY not in answer.content.decode()
    assert {model: model._base_manager.count() for model in before} == before


def test_filters_offer_ones_own_company_alone(acme, foreign):
    staff = User.objects.create_superuser("root@example.org", name="Root")
    make_project(acme.company, "Second")
    mine = {"Acme Project", "Second"}
    for user, expected in [(acme.owner, mine), (staff, {*mine, foreign.project.name})]:
        page = browser(user).get(address(type(acme.session), "changelist"))
        (spec,) = [one for one in page.context["cl"].filter_specs if one.title == "project"]
        assert {name for _, name in spec.lookup_choices} == expected


def test_a_filter_by_a_foreign_row_finds_nothing(acme, foreign):
    make_project(acme.company, "Second")  # with one project there is no such filter
    page = browser(acme.owner).get(
        address(type(acme.session), "changelist"), {"project__id__exact": foreign.project.pk}
    )
    assert page.context["cl"].result_count == 0


@pytest.mark.parametrize(
    ("model", "question"),
    [
        ("accounts.User", {"password__startswith": "argon2"}),
        ("accounts.Membership", {"user__password__startswith": "argon2"}),
        ("accounts.AuditEntry", {"actor__password__startswith": "argon2"}),
        ("bots.Bot", {"token__startswith": "gAAA"}),
        ("bots.InboundUpdate", {"bot__token__startswith": "gAAA"}),
        ("sessions_app.ChatSession", {"project__company__memberships__user__email": "a@b.c"}),
        ("sessions_app.ChatSession", {"project__company__name__startswith": "Zz"}),
    ],
)
def test_no_address_asks_about_hidden_fields(acme, model, question):
    page = browser(acme.owner).get(address(apps.get_model(model), "changelist"), question)
    assert page.status_code == 400


def test_nobody_else_enters(acme):
    support = make_member(acme.company, role="support").user
    demoted = make_member(acme.company, role="manager", is_enabled=False).user
    for user in (acme.agent.user, support, demoted):
        client = browser(user)
        for path in ("/admin/", address(Bot, "changelist"), "/admin/no/such/page/"):
            answer = client.get(path, follow=True)
            assert answer.status_code == 404
    anonymous = Client().get("/admin/", follow=True)
    assert anonymous.redirect_chain[-1][0] == "/sign-in/?next=/admin/"


def test_tables_of_other_programs_are_for_platform_staff(acme):
    client = browser(acme.owner)
    others = set(admin.site._registry) - set(ours())
    assert Group in others
    for model in others:
        for page in ("changelist", "add"):
            assert client.get(address(model, page)).status_code == 403
    text = client.get("/admin/").content.decode()
    assert "/admin/axes/" not in text
    assert "/admin/auth/" not in text
    assert "/admin/core/" not in text


def test_platform_staff_sees_every_company(acme, foreign):
    client = browser(User.objects.create_superuser("root@example.org", name="Root"))
    page = client.get(address(type(acme.project), "changelist"))
    assert CANARY in page.content.decode()
    assert client.get(address(Tick, "changelist")).status_code == 200


def test_a_person_of_two_companies_is_listed_once(acme, foreign):
    make_member(foreign.company, acme.owner, role="manager")
    make_member(foreign.company, acme.agent.user)
    page = browser(acme.owner).get(address(User, "changelist"))
    people = list(page.context["cl"].queryset)
    assert people.count(acme.agent.user) == 1


@pytest.mark.parametrize("page", ["abc", "999", "-1"])
def test_an_odd_page_of_the_search_is_no_fault(acme, page):
    answer = browser(acme.owner).get("/admin/search/", {"s": "bot", "page": page})
    assert answer.status_code == 404


def test_lists_ask_a_bounded_number_of_questions(acme, django_assert_max_num_queries):
    client = browser(acme.owner)
    for model, its_admin in ours().items():
        if its_admin.company_path and model is not Inbox:
            with django_assert_max_num_queries(16):
                client.get(address(model, "changelist"))
