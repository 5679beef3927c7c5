"""The admin: set-up console of owners and managers, who see their own companies, and of platform
staff, who see all.

Everything is read only unless a class says otherwise, and whatever is written goes through actions.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import RelatedFieldListFilter
from django.contrib.admin.utils import lookup_spawns_duplicates
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin as UnfoldAdmin

from core.admin_site import own_companies
from core.errors import Refusal
from core.models import Tick
from core.pages import add_refusal

# What may follow a filter's name in an address. Everything else is a question about other fields,
# such as whether somebody's password starts with a letter.
LOOKUPS = (
    "",
    "__exact",
    "__id__exact",
    "__isnull",
    "__gte",
    "__lt",
    "__year",
    "__month",
    "__day",
)


if TYPE_CHECKING:
    DjangoAdmin = admin.ModelAdmin[Any]
    DjangoForm = forms.ModelForm[Any]
else:  # generic for the type checker alone
    DjangoAdmin = admin.ModelAdmin
    DjangoForm = forms.ModelForm


class _NoTransaction(DjangoAdmin):
    """Django's form view holds one transaction. Actions have their own, which can be repeated, and
    connecting a bot talks to Telegram first. Stands after Unfold's mixins."""

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra: Any = None
    ) -> Any:
        view: Any = super()
        return view._changeform_view(request, object_id, form_url, extra)


class ActionForm(DjangoForm):
    """Shows what the action refused; and refuses, once, to save over what somebody has changed since
    the form was shown."""

    refusal: ClassVar[Refusal | None] = None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal:
            add_refusal(self, self.refusal)
        newer = [self._take_newer(name) for name in self.fields if self._is_newer(name)]
        if newer:
            raise forms.ValidationError(
                _("Somebody has changed this meanwhile: %(newer)s. Nothing of yours is saved yet."),
                code="changed_meanwhile",
                params={"newer": "; ".join(newer)},
            )
        return cleaned

    @classmethod
    def compared(cls) -> set[str]:
        """The fields of the row. What a form asks besides, such as a token, is in no row."""
        return {field.name for field in cls._meta.model._meta.fields}

    def _is_newer(self, name: str) -> bool:
        """Whether the row holds something else now than the form showed."""
        field, shown = self.fields[name], self.add_initial_prefix(name)
        widget = field.hidden_widget()
        if not field.show_hidden_initial or widget.value_omitted_from_data(
            self.data, self.files, shown
        ):
            return False
        was = widget.value_from_datadict(self.data, self.files, shown)
        return field.has_changed(self.get_initial_for_field(field, name), was)

    def _take_newer(self, name: str) -> str:
        """It counts as shown from now on; in words."""
        field = self.fields[name]
        now = field.prepare_value(self.get_initial_for_field(field, name))
        sent: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        sent[self.add_initial_prefix(name)] = now
        self.data = sent
        return f"{field.label}: {'–' if now is None else now}"


class OwnRelatedFilter(RelatedFieldListFilter):
    """Offers what the person may see of the related model."""

    def field_choices(
        self, field: "Field[Any, Any]", request: HttpRequest, model_admin: Any
    ) -> list[tuple[str, Any]]:
        rows = model_admin.choices(field.related_model, request)
        return [(str(row.pk), str(row)) for row in rows.order_by("pk")]


class CompanyAdmin(UnfoldAdmin, _NoTransaction):  # type: ignore[misc]  # Unfold has no types
    """`company_path` leads from a row to its company. Without one, platform staff alone sees it.

    A class that lets people write sets `may_add` or `may_change` and says by `create` or `update`
    which action does it.
    """

    company_path: ClassVar[str] = ""
    may_add: ClassVar[bool] = False
    may_change: ClassVar[bool] = False

    form = ActionForm
    ordering = ("-pk",)
    show_full_result_count = False
    list_fullwidth = True

    # ---------------------------------------------------------------- who sees what

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        if not self.company_path:
            return rows.none()
        mine = {f"{self.company_path}__in": own_companies(request)}
        if lookup_spawns_duplicates(self.model._meta, self.company_path):
            return rows.filter(pk__in=self.model._base_manager.filter(**mine).values("pk"))
        return rows.filter(**mine)

    def choices(self, model: type[Model], request: HttpRequest) -> QuerySet[Any]:
        """The rows of another model that the person may see and choose."""
        its_admin = self.admin_site._registry.get(model)
        if isinstance(its_admin, CompanyAdmin):
            return its_admin.get_queryset(request)
        return model._base_manager.none()

    def _is_theirs(self, request: HttpRequest, obj: Any) -> bool:
        if request.user.is_superuser:
            return True
        if not self.company_path or not own_companies(request):
            return False
        return obj is None or self.get_queryset(request).filter(pk=obj.pk).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_theirs(request, None)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_theirs(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and self._is_theirs(request, None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_change and self._is_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: what ends is archived, removed or disabled, and its history stays."""
        return False

    # ---------------------------------------------------------------- choices, filters, questions

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices(db_field.related_model, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices(db_field.related_model, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [
            (name, OwnRelatedFilter) if self.model._meta.get_field(name).is_relation else name
            for name in self.list_filter
        ]

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        names = [*self.list_filter, *filter(None, [self.date_hierarchy])]
        return any(lookup == name + ending for name in names for ending in LOOKUPS)

    # ---------------------------------------------------------------- writing

    def create(self, actor: Any, fields: dict[str, Any]) -> Any:
        """The new row, made of the form's fields by an action."""
        raise NotImplementedError

    def update(self, actor: Any, row: Any, fields: dict[str, Any]) -> Any:
        """`row` as it is stored; `fields`: what was changed in the form."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            fields = {name: form.cleaned_data[name] for name in form.changed_data}
            stored = self.model._base_manager.get(pk=obj.pk)
            row = self.update(request.user, stored, fields) if fields else stored
        else:
            row = self.create(request.user, form.cleaned_data)
        obj.__dict__.update(row.__dict__)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Lists of a form are written by its action too."""

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        for name in form.base_fields.keys() & form.compared():
            is_told = request.method != "POST" or f"initial-{name}" in request.POST
            form.base_fields[name].show_hidden_initial = change and is_told
        return form

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:  # nothing was saved: show the form again, as it was filled in
            request.refusal = refusal  # type: ignore[attr-defined]  # for get_form
            return super().changeform_view(request, *args, **kwargs)

    def for_each(
        self, request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], object], done: Any
    ) -> None:
        """Call `act(row)` for each chosen row; say how many were `done`, and what was refused."""
        count = 0
        for row in rows:
            try:
                act(row)
                count += 1
            except Refusal as refusal:
                self.message_user(request, f"{row}: {refusal.message}", messages.ERROR)
        if count:
            self.message_user(request, done % {"count": count}, messages.SUCCESS)


@admin.register(Tick)
class TickAdmin(CompanyAdmin):
    list_display = ("name", "last_run_at")
