from typing import Any

from axes.models import AccessAttempt
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from accounts import actions
from accounts.models import AuditEntry, Company, Membership, User
from core import tx
from core.admin import ActionForm, CompanyAdmin


@admin.register(Company)
class CompaniesAdmin(CompanyAdmin):
    """Founded by platform staff, renamed by its managers."""

    company_path = "pk"
    may_add = may_change = True
    list_display = ("name", "public_id", "created_at")
    search_fields = ("name",)
    fields = ("name", "public_id", "created_at")
    readonly_fields = ("public_id", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def create(self, actor: Any, fields: dict[str, Any]) -> Company:
        return tx.run(actions.create_company, name=fields["name"], actor=actor)

    def update(self, actor: Any, row: Company, fields: dict[str, Any]) -> Company:
        return tx.run(actions.rename_company, company=row, name=fields["name"], actor=actor)


@admin.register(User)
class UserAdmin(CompanyAdmin):
    """A person may work in several companies, so only platform staff changes people."""

    company_path = "memberships__company"
    may_add = may_change = True
    list_display = ("email", "name", "is_active", "joined_at")
    list_filter = ("is_active",)
    search_fields = ("email", "name")
    fields = ("email", "name", "is_active", "public_id", "joined_at", "last_login")
    readonly_fields = ("public_id", "joined_at", "last_login")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "email") if obj else (*self.readonly_fields, "is_active")

    def create(self, actor: Any, fields: dict[str, Any]) -> User:
        return tx.run(actions.create_user, email=fields["email"], name=fields["name"])

    def update(self, actor: Any, row: User, fields: dict[str, Any]) -> User:
        if "name" in fields:
            row = tx.run(actions.rename_user, user=row, name=fields["name"], actor=actor)
        if "is_active" in fields:
            enabled = fields["is_active"]
            tx.run(actions.set_enabled, user=row, is_enabled=enabled, actor=actor)
        return row


class NewMemberForm(ActionForm):
    email = forms.EmailField(label=_("E-mail"), widget=UnfoldAdminEmailInputWidget)
    name = forms.CharField(
        label=_("Name"),
        max_length=actions.NAME_LENGTH,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Who has an account already keeps the name they chose."),
    )

    class Meta:
        model = Membership
        fields = ("company", "role")


@admin.register(Membership)
class MembershipAdmin(CompanyAdmin):
    company_path = "company"
    may_add = may_change = True
    list_display = ("user", "company", "role", "is_enabled", "created_at")
    list_select_related = ("user", "company")
    list_filter = ("role", "is_enabled", "company")
    search_fields = ("user__email", "user__name")
    readonly_fields = ("company", "user", "created_at")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = NewMemberForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("company", "email", "name", "role")
        return ("company", "user", "role", "is_enabled", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj else ()

    def create(self, actor: Any, fields: dict[str, Any]) -> Membership:
        return tx.run(actions.invite, actor=actor, **fields)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change and not obj.user.has_usable_password():
            self._show_link(request, obj)

    def _show_link(self, request: HttpRequest, member: Membership) -> None:
        actor: Any = request.user
        path = tx.run(
            actions.make_welcome_path,
            user=member.user,
            company=member.company,
            actor=actor,
        )
        text = _("Give %(name)s this link, which works once and is not shown again: %(link)s")
        link = request.build_absolute_uri(path)
        self.message_user(
            request, text % {"name": member.user.name, "link": link}, messages.WARNING
        )

    def update(self, actor: Any, row: Membership, fields: dict[str, Any]) -> Membership:
        return tx.run(actions.change_member, membership=row, actor=actor, **fields)


@admin.register(AuditEntry)
class AuditAdmin(CompanyAdmin):
    company_path = "company"
    list_display = ("at", "actor", "verb", "target", "company")
    list_select_related = ("actor", "company")
    list_filter = ("company",)
    date_hierarchy = "at"
    search_fields = ("verb", "target")


@admin.register(AccessAttempt)
class AccessAttemptAdmin(CompanyAdmin):
    """Who failed to sign in. In the place of axes' own page, which deletes."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    search_fields = ("username", "ip_address")
    date_hierarchy = "attempt_time"
    fields = ("attempt_time", "username", "ip_address", "user_agent", "failures_since_start")


admin.site.unregister(Group)  # Django's page deletes


@admin.register(Group)
class GroupAdmin(CompanyAdmin):
    """Rights come from memberships and teams; a group gives none."""

    list_display = ("name",)
    fields = ("name",)
