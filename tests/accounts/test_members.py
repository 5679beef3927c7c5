"""accounts.actions: who works where, and who may say so."""

import pytest

from accounts import actions
from accounts.models import AuditEntry, Membership
from accounts.queries import access_company, managed_companies, membership_of
from core.errors import Refusal
from live.models import Event
from tests.factories import make_company, make_member, make_user

pytestmark = pytest.mark.django_db

Role = Membership.Role


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def owner(company):
    return make_member(company, role="owner")


@pytest.fixture
def manager(company, owner):
    return make_member(company, role="manager")


def refusal(action, **how):
    with pytest.raises(Refusal) as refused:
        action(**how)
    return refused.value.code


def test_a_new_member_is_noted_and_his_pages_are_told(company, owner):
    user = make_user("Lena")
    actions.add_member(company=company, user=user, role="agent", actor=owner.user)
    assert membership_of(user, company).role == "agent"
    assert AuditEntry.objects.get().verb == "member.added"
    assert Event.objects.get(stream=user.public_id).kind == "access.changed"


def test_a_former_member_comes_back_in_his_new_role(company, owner):
    former = make_member(company, role="agent", is_enabled=False)
    actions.add_member(company=company, user=former.user, role="manager", actor=owner.user)
    former.refresh_from_db()
    assert (former.role, former.is_enabled) == ("manager", True)


def test_it_refuses_a_role_there_is_not(company, owner):
    how = {"company": company, "user": make_user(), "role": "king", "actor": None}
    assert refusal(actions.add_member, **how) == "invalid"


def test_a_company_keeps_an_owner(owner):
    for change in ({"role": "agent"}, {"is_enabled": False}):
        how = {"membership": owner, "actor": owner.user, **change}
        assert refusal(actions.change_member, **how) == "last_owner"
    owner.refresh_from_db()
    assert (owner.role, owner.is_enabled) == ("owner", True)


def test_of_two_owners_one_may_go(company, owner):
    second = make_member(company, role="owner")
    actions.change_member(membership=second, role="agent", actor=owner.user)
    assert refusal(actions.change_member, membership=owner, role="agent", actor=None) == (
        "last_owner"
    )


def test_a_manager_makes_no_owners_and_changes_none(company, owner, manager):
    newcomer = make_user("Lena")
    how = {"company": company, "user": newcomer, "role": "owner", "actor": manager.user}
    assert refusal(actions.add_member, **how) == "forbidden"
    second = make_member(company, role="owner")
    how = {"membership": second, "is_enabled": False, "actor": manager.user}
    assert refusal(actions.change_member, **how) == "forbidden"
    how = {"membership": manager, "role": "owner", "actor": manager.user}
    assert refusal(actions.change_member, **how) == "forbidden"
    assert membership_of(newcomer, company) is None


def test_an_owner_elsewhere_is_no_owner_here(company, manager):
    stranger = make_member(make_company("Globex"), role="owner").user
    make_member(company, stranger, role="manager")
    how = {"company": company, "user": make_user(), "role": "owner", "actor": stranger}
    assert refusal(actions.add_member, **how) == "forbidden"


def test_only_owners_and_managers_reach_the_company(company, owner, manager):
    for membership in (owner, manager):
        assert access_company(membership.user, company.public_id) == company
    for role in ("agent", "support"):
        user = make_member(company, role=role).user
        assert managed_companies(user) == {}
        with pytest.raises(Refusal) as refused:
            access_company(user, company.public_id)
        assert refused.value.code == "not_found"


@pytest.mark.parametrize("change", [{"is_enabled": False}, {"user__is_active": False}])
def test_who_is_disabled_reaches_nothing(manager, change):
    if "is_enabled" in change:
        actions.change_member(membership=manager, actor=None, **change)
    else:
        actions.set_enabled(user=manager.user, is_enabled=False, actor=None)
    assert managed_companies(manager.user) == {}
    assert membership_of(manager.user, manager.company) is None
