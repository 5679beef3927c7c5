"""Every change of people, companies and memberships."""

from typing import Any

from django.db import IntegrityError

from accounts.errors import email_taken, last_owner
from accounts.models import AuditEntry, Company, Membership, User
from accounts.ports import user_changed
from core import tx


def create_company(*, name: str, actor: User | None = None) -> Company:
    with tx.change():
        company = Company.objects.create(name=name)
        record_audit(company=company, actor=actor, verb="company.created", target=name)
        return company


def create_user(*, email: str, name: str, password: str | None = None) -> User:
    """A new person; without a password he cannot sign in until he has set one.

    Raises Refusal `email_taken`.
    """
    with tx.change():
        try:
            with tx.change():
                return User.objects.create_user(email, password, name=name)
        except IntegrityError:
            raise email_taken() from None


def change_password(*, user: User, password: str) -> None:
    """Other sign-ins of this person end: their sessions no longer fit the password."""
    with tx.change():
        user.set_password(password)
        user.save(update_fields=["password"])
        user_changed(user.pk)


def set_enabled(*, user: User, is_enabled: bool, actor: User | None) -> None:
    with tx.change():
        User.objects.filter(pk=user.pk).update(is_active=is_enabled)
        user.is_active = is_enabled
        for company in Company.objects.filter(memberships__user=user):
            _audit_person(company, actor, "user.enabled", user, is_enabled=is_enabled)
        user_changed(user.pk)


def add_member(*, company: Company, user: User, role: str, actor: User | None) -> Membership:
    """Make somebody a member; a former member is enabled again with the new role."""
    with tx.change():
        membership, is_new = Membership.objects.get_or_create(
            company=company, user=user, defaults={"role": role}
        )
        if not is_new:
            return change_member(membership=membership, role=role, is_enabled=True, actor=actor)
        _audit_person(company, actor, "member.added", user, role=role)
        user_changed(user.pk)
        return membership


def change_member(
    *,
    membership: Membership,
    actor: User | None,
    role: str | None = None,
    is_enabled: bool | None = None,
) -> Membership:
    """Raises Refusal `last_owner` if nobody would own the company any more."""
    with tx.change():
        locked = tx.lock(Membership.objects.filter(company=membership.company_id))
        membership = next(one for one in locked if one.pk == membership.pk)
        membership.role = role or membership.role
        membership.is_enabled = membership.is_enabled if is_enabled is None else is_enabled
        membership.save(update_fields=["role", "is_enabled"])
        _keep_an_owner(membership.company)
        data = {"role": membership.role, "is_enabled": membership.is_enabled}
        _audit_person(membership.company, actor, "member.changed", membership.user, **data)
        user_changed(membership.user_id)
        return membership


def _keep_an_owner(company: Company) -> None:
    everyone = Membership.objects.filter(company=company)
    owners = everyone.filter(role=Membership.Role.OWNER)
    if owners.exists() and not owners.filter(is_enabled=True).exists():
        raise last_owner()


def _audit_person(company: Company, actor: User | None, verb: str, user: User, **data: Any) -> None:
    record_audit(company=company, actor=actor, verb=verb, target=user.email, data=data)


def record_audit(
    *,
    company: Company | None,
    actor: User | None,
    verb: str,
    target: str,
    data: dict[str, Any] | None = None,
) -> None:
    """One line of the audit log. `verb`: "noun.past"; `data`: plain JSON without secrets."""
    AuditEntry.objects.create(
        company=company, actor=actor, verb=verb, target=target[:200], data=data or {}
    )
