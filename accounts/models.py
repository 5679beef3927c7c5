"""People, companies and who works where. The tenant is the company."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import clock


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=(email or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """One person, known by the e-mail address. Works in any number of companies."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    is_active = models.BooleanField(_("enabled"), default=True)
    is_staff = models.BooleanField(_("platform staff"), default=False)
    joined_at = models.DateTimeField(default=clock.now, editable=False)
    # Of pages and mails for this person; empty: as the browser says.
    language = models.CharField(
        _("language"), max_length=10, blank=True, editable=False, default="", db_default=""
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email")]

    def __str__(self) -> str:
        return self.name or self.email

    def managed_company_ids(self) -> list[int]:
        memberships = Membership.objects.managing().filter(user=self)
        return list(memberships.values_list("company_id", flat=True))


class Company(models.Model):
    """The tenant. Companies never see each other."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=80)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def enabled(self) -> "MembershipQuerySet":
        return self.filter(is_enabled=True, user__is_active=True)

    def managing(self) -> "MembershipQuerySet":
        return self.enabled().filter(role__in=Membership.MANAGING)


class Membership(models.Model):
    """What one person may do in one company."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        MANAGER = "manager", _("manager")
        AGENT = "agent", _("agent")
        SUPPORT = "support", _("support")

    MANAGING: ClassVar[tuple[str, ...]] = (Role.OWNER, Role.MANAGER)

    company = models.ForeignKey(Company, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects: ClassVar[models.Manager["Membership"]] = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["company", "user"], name="accounts_membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}"

    @property
    def is_managing(self) -> bool:
        return self.role in self.MANAGING


class AuditEntry(models.Model):
    """One administrative act: who did what to what, when. Never changed, never holds a secret."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="audit", null=True)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    verb = models.CharField(max_length=60)
    target = models.CharField(max_length=200)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        indexes = [models.Index(fields=["company", "-at"], name="accounts_audit_at")]

    def __str__(self) -> str:
        return f"{self.verb} {self.target}"
