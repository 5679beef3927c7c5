"""accounts.actions: people and companies. Whoever calls, the rules of the rows are asked."""

import pytest

from accounts import actions
from accounts.models import AuditEntry, Company, User
from core.errors import Refusal
from live.models import Event
from tests.factories import make_agent, make_company, make_member, make_project, make_user

pytestmark = pytest.mark.django_db


def refusal(action, **how):
    with pytest.raises(Refusal) as refused:
        action(**how)
    return refused.value


def test_it_founds_a_company_and_notes_who_did():
    alice = make_user("Alice")
    company = actions.create_company(name="  Acme ", actor=alice)
    assert company.name == "Acme"
    entry = AuditEntry.objects.get()
    assert (entry.company, entry.actor, entry.verb) == (company, alice, "company.created")


def test_it_keeps_an_address_in_small_letters():
    user = actions.create_user(email=" Lena.Fischer@ACME.example ", name="Lena")
    assert user.email == "lena.fischer@acme.example"
    assert not user.has_usable_password()


def test_an_address_belongs_to_one_person_however_it_is_written():
    actions.create_user(email="lena@acme.example", name="Lena")
    refused = refusal(actions.create_user, email="LENA@acme.example", name="Other")
    assert refused.code == "email_taken"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("", "Lena"),
        ("no address", "Lena"),
        ("l" * 250 + "@acme.example", "Lena"),
        ("lena@acme.example", ""),
        ("lena@acme.example", "   "),
        ("lena@acme.example", "L" * 81),
        ("lena@acme.example", "Le\x00na"),
        ("lena@acme.example", "Le\ud800na"),
    ],
)
def test_it_refuses_what_is_no_address_or_no_name(email, name):
    assert refusal(actions.create_user, email=email, name=name).code == "invalid"
    assert not User.objects.exists()


@pytest.mark.parametrize("password", ["short", "1234567890123", "password1234", "lena@acme.exam"])
def test_it_refuses_a_weak_password(password):
    refused = refusal(
        actions.create_user, email="lena@acme.example", name="Lena", password=password
    )
    assert refused.code == "invalid"
    assert refused.data["password"]


@pytest.mark.parametrize("name", ["", "A" * 81, "Ac\x00me", "Ac\nme"])
def test_it_refuses_a_company_without_a_proper_name(name):
    assert refusal(actions.create_company, name=name).code == "invalid"
    assert not Company.objects.exists()


def test_a_new_name_reaches_the_pages_of_the_team():
    agent = make_agent(make_project(), "Lena")
    actions.rename_user(user=agent.user, name="Lena F.", actor=None)
    team = Event.objects.filter(kind="project.changed").latest("number").payload["agents"]
    assert [one["name"] for one in team] == ["Lena F."]
    assert AuditEntry.objects.get().verb == "user.renamed"


def test_disabling_somebody_tells_his_pages_at_once():
    user = make_user("Lena")
    make_member(make_company(), user)
    actions.set_enabled(user=user, is_enabled=False, actor=None)
    user.refresh_from_db()
    assert not user.is_active
    assert Event.objects.get(stream=user.public_id).kind == "access.changed"


def test_it_finds_somebody_known_and_leaves_his_password_alone():
    known = make_user("Lena", email="lena@acme.example", password="kept as it was")
    found, password = actions.find_or_create_user(email="Lena@acme.example", name="Someone")
    assert (found, password) == (known, None)
    found.refresh_from_db()
    assert found.check_password("kept as it was")
    assert found.name == "Lena"


def test_it_makes_up_a_password_for_a_new_person():
    user, password = actions.find_or_create_user(email="ivan@acme.example", name="")
    assert user.name == "ivan"
    assert user.check_password(password)
