"""manage.py create_company, create_project, create_agent: JSON out, or one clear sentence."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Company, Membership, User
from bots.models import Bot
from projects.models import Agent, Project
from tests.factories import make_company, make_member, make_project, make_user

pytestmark = pytest.mark.django_db


def answer(command, *words):
    out = StringIO()
    call_command(command, *words, stdout=out)
    return json.loads(out.getvalue())


def complaint(command, *words):
    with pytest.raises(CommandError) as refused:
        call_command(command, *words)
    text = str(refused.value)
    assert len(text.splitlines()) == 1
    return text


def test_a_company_is_founded_with_an_owner_who_can_sign_in():
    made = answer("create_company", "--name", "Acme", "--email", "Olivia@acme.example")
    owner = User.objects.get(email="olivia@acme.example")
    assert owner.name == "olivia"
    assert owner.check_password(made["password"])
    membership = Membership.objects.get(company__public_id=made["id"])
    assert (membership.user, membership.role) == (owner, "owner")


def test_a_known_person_founds_a_second_company_and_keeps_his_password():
    make_user("Olivia", email="olivia@acme.example", password="kept as it was")
    made = answer("create_company", "--name", "Globex", "--email", "olivia@acme.example")
    assert made["password"] is None
    assert User.objects.get().check_password("kept as it was")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--name", "", "--email", "o@acme.example"], "name"),
        (["--name", "A" * 81, "--email", "o@acme.example"], "name"),
        (["--name", "Acme", "--email", "nobody"], "email"),
        (["--name", "Acme", "--email", "o@acme.example", "--password", "short"], "too short"),
    ],
)
def test_nonsense_founds_nothing(words, expected):
    assert expected in complaint("create_company", *words)
    assert not Company.objects.exists()
    assert not User.objects.exists()


def test_a_project_can_be_made_by_id_or_name_of_its_company():
    company = make_company("Acme")
    for name in (str(company.public_id), "Acme"):
        made = answer("create_project", "--company", name, "--name", "Help")
        assert (made["state"], made["bot"]) == ("draft", None)
        assert Project.objects.get(public_id=made["id"]).company == company


def test_a_name_that_two_have_is_not_guessed():
    make_company("Acme"), make_company("Acme")
    text = complaint("create_project", "--company", "Acme", "--name", "Help")
    assert "more than one" in text
    assert "no company" in complaint("create_project", "--company", "Nix", "--name", "Help")


def test_nonsense_makes_no_project():
    company = make_company("Acme")
    long = ["--company", "Acme", "--name", "H" * 31]
    assert "name" in complaint("create_project", *long)
    zone = ["--company", "Acme", "--name", "Help", "--time-zone", "Mars/Olympus"]
    assert "time_zone" in complaint("create_project", *zone)
    assert not Project.objects.filter(company=company).exists()


def test_a_refused_token_leaves_no_project_behind(settings):
    make_company("Acme")
    words = ["--company", "Acme", "--name", "Help", "--token", "no token"]
    assert "BotFather" in complaint("create_project", *words)
    assert not Project.objects.filter(archived_at=None).exists()
    assert not Bot.objects.exists()


def test_an_agent_is_put_at_the_end_of_the_team():
    project = make_project()
    words = ["--project", str(project.public_id), "--name", "Lena"]
    made = answer("create_agent", *words, "--email", "lena@acme.example", "--limit", "4")
    agent = Agent.objects.get(public_id=made["id"])
    assert (agent.user.email, agent.session_limit) == ("lena@acme.example", 4)
    assert agent.user.check_password(made["password"])
    assert Membership.objects.get().role == "agent"
    assert "already" in complaint("create_agent", *words, "--email", "lena@acme.example")


def test_a_manager_on_a_team_stays_a_manager():
    project = make_project()
    manager = make_member(project.company, role="manager").user
    made = answer("create_agent", "--project", "Help", "--email", manager.email)
    assert (made["role"], made["password"]) == ("manager", None)


def test_support_stands_on_no_team():
    make_project()
    words = ["--project", "Help", "--email", "sam@acme.example", "--role", "support"]
    assert answer("create_agent", *words)["id"] is None
    assert Membership.objects.get().role == "support"
    assert not Agent.objects.exists()


def test_who_may_not_be_on_the_team_is_not_made_either():
    make_project()
    words = ["--project", "Help", "--email", "sam@acme.example", "--limit", "0"]
    assert "session_limit" in complaint("create_agent", *words)
    assert not User.objects.exists()
