"""Every change of people, companies and memberships."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.urls import reverse

from accounts.errors import (
    email_taken,
    last_owner,
    not_their_link,
    owners_only,
    unknown_language,
    weak_password,
)
from accounts.models import AuditEntry, Company, Membership, User
from accounts.ports import user_changed
from accounts.queries import membership_of
from core import tx
from core.validation import validate

Role = Membership.Role
NAME_LENGTH = 80


def create_company(*, name: str, actor: User | None = None) -> Company:
    company = Company(name=name.strip())
    validate(company)
    with tx.change():
        company.save()
        record_audit(company=company, actor=actor, verb="company.created", target=name)
        return company


def rename_company(*, company: Company, name: str, actor: User | None) -> Company:
    with tx.change():
        (company,) = tx.lock(Company.objects.filter(pk=company.pk))
        company.name = name.strip()
        validate(company, ["name"])
        company.save(update_fields=["name"])
        record_audit(company=company, actor=actor, verb="company.renamed", target=name)
        return company


def create_user(*, email: str, name: str, password: str | None = None) -> User:
    """A new person; without a password he cannot sign in until he has set one.

    Raises Refusal `email_taken`, or `invalid` (a weak password too).
    """
    email, name = email.strip().lower(), name.strip()
    validate(User(email=email, name=name), ["email", "name"])
    if password is not None:
        _refuse_weak(password, User(email=email, name=name))
    with tx.change():
        try:
            with tx.change():
                return User.objects.create_user(email, password, name=name)
        except IntegrityError:
            raise email_taken() from None


def find_or_create_user(
    *, email: str, name: str, password: str | None = None
) -> tuple[User, str | None]:
    """Somebody known as he is, and None; or a new person, and the password: this or a made-up one.

    Without a name a new person is called after the e-mail address.
    """
    email = email.strip().lower()
    known = User.objects.filter(email=email).first()
    if known:
        return known, None
    password = password or secrets.token_urlsafe(12)
    name = name or email.partition("@")[0][:NAME_LENGTH]
    return create_user(email=email, name=name, password=password), password


def _refuse_weak(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise weak_password(error.messages) from None


def change_password(*, user: User, password: str) -> None:
    """Other sign-ins of this person end: their sessions no longer fit the password."""
    with tx.change():
        user.set_password(password)
        user.save(update_fields=["password"])
        user_changed(user.pk)


def make_welcome_path(*, user: User, company: Company, actor: User | None) -> str:
    """The path of the page where a new person chooses a password, once, within three days.

    Whoever holds it can become that person, so a company makes it only for somebody who has never
    had a password, works nowhere else and is no platform staff. Raises Refusal `forbidden`.
    """
    elsewhere = Membership.objects.filter(user=user).exclude(company=company)
    is_staff = user.is_staff or user.is_superuser
    if is_staff or user.has_usable_password() or elsewhere.exists():
        raise not_their_link()
    with tx.change():
        _audit_person(company, actor, "user.welcomed", user)
    token = default_token_generator.make_token(user)
    return reverse("accounts:set_password", args=[user.public_id, token])


def rename_user(*, user: User, name: str, actor: User | None) -> User:
    with tx.change():
        (user,) = tx.lock(User.objects.filter(pk=user.pk))
        user.name = name.strip()
        validate(user, ["name"])
        user.save(update_fields=["name"])
        _audit_everywhere(user, actor, "user.renamed", name=user.name)
        user_changed(user.pk)
        return user


def choose_language(*, user: User, language: str) -> None:
    """What pages and mails speak to this person from now on; empty: as the browser says.

    Raises Refusal `invalid`.
    """
    if language and language not in dict(settings.LANGUAGES):
        raise unknown_language()
    with tx.change():
        User.objects.filter(pk=user.pk).update(language=language)
        user.language = language


def set_enabled(*, user: User, is_enabled: bool, actor: User | None) -> None:
    with tx.change():
        User.objects.filter(pk=user.pk).update(is_active=is_enabled)
        user.is_active = is_enabled
        _audit_everywhere(user, actor, "user.enabled", is_enabled=is_enabled)
        user_changed(user.pk)


def add_member(*, company: Company, user: User, role: str, actor: User | None) -> Membership:
    """Make somebody a member; a former member is enabled again with the new role.

    Raises Refusal `forbidden` if a manager makes or changes an owner.
    """
    validate(Membership(role=role), ["role"])
    with tx.change():
        _refuse_beyond_rank(company, actor, role)
        membership, is_new = Membership.objects.get_or_create(
            company=company, user=user, defaults={"role": role}
        )
        if not is_new:
            return change_member(membership=membership, role=role, is_enabled=True, actor=actor)
        _audit_person(company, actor, "member.added", user, role=role)
        user_changed(user.pk)
        return membership


def invite(*, company: Company, email: str, name: str, role: str, actor: User | None) -> Membership:
    """Make somebody, new or known, a member; who is one already keeps his role.

    A new person has no password yet: see `make_welcome_path`.
    """
    with tx.change():
        user = User.objects.filter(email=email.strip().lower()).first()
        user = user or create_user(email=email, name=name)
        member = membership_of(user, company)
        return member or add_member(company=company, user=user, role=role, actor=actor)


def change_member(
    *,
    membership: Membership,
    actor: User | None,
    role: str | None = None,
    is_enabled: bool | None = None,
) -> Membership:
    """Raises Refusal `last_owner` if nobody would own the company any more, `forbidden` if a
    manager makes or changes an owner."""
    with tx.change():
        locked = tx.lock(Membership.objects.filter(company=membership.company_id))
        membership = next(one for one in locked if one.pk == membership.pk)
        was, role = membership.role, role or membership.role
        _refuse_beyond_rank(membership.company, actor, role, was)
        membership.role = role
        membership.is_enabled = membership.is_enabled if is_enabled is None else is_enabled
        validate(membership, ["role"])
        membership.save(update_fields=["role", "is_enabled"])
        if was == Role.OWNER:
            _keep_an_owner(membership.company)
        data = {"role": membership.role, "is_enabled": membership.is_enabled}
        _audit_person(membership.company, actor, "member.changed", membership.user, **data)
        user_changed(membership.user_id)
        return membership


def _refuse_beyond_rank(company: Company, actor: User | None, *roles: str) -> None:
    if actor is None or actor.is_superuser or Role.OWNER not in roles:
        return
    own = membership_of(actor, company)
    if own is None or own.role != Role.OWNER:
        raise owners_only()


def _keep_an_owner(company: Company) -> None:
    owners = Membership.objects.enabled().filter(company=company, role=Role.OWNER)
    if not owners.exists():
        raise last_owner()


def _audit_everywhere(user: User, actor: User | None, verb: str, **data: Any) -> None:
    for company in Company.objects.filter(memberships__user=user):
        _audit_person(company, actor, verb, user, **data)


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
