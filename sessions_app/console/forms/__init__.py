"""The shape of what managers submit. Rows' own rules are asked again by the actions."""

from copy import copy
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.errors import Refusal
from projects.models import Agent, Project
from routing.models import Pool
from sessions_app.errors import invalid

if TYPE_CHECKING:
    from django.forms import ModelForm as ModelForm
else:

    class ModelForm(forms.ModelForm):
        """Django's cannot be subscripted when it runs, only when its types are checked."""

        def __class_getitem__(cls, model):
            return cls


NAME = Project._meta.get_field("name").max_length
PERSON_NAME = 80
TOKEN = 100
SHOWN, MISSING = "shown", object()
ZONES = {"list": "zones", "autocomplete": "off", "spellcheck": "false"}


def zone_of(value: str) -> str:
    if value not in available_timezones():
        raise ValidationError(_("There is no such time zone. Write it as in “Europe/Berlin”."))
    return value


def whole_number(label: Any, smallest: int, biggest: int, **options: Any) -> forms.IntegerField:
    message = format_lazy(
        _("This is a whole number from {smallest} to {biggest}."),
        smallest=smallest,
        biggest=biggest,
    )
    return forms.IntegerField(
        label=label,
        validators=[MinValueValidator(smallest, message), MaxValueValidator(biggest, message)],
        widget=forms.NumberInput(attrs={"min": smallest, "max": biggest, "inputmode": "numeric"}),
        error_messages={"invalid": message},
        **options,
    )


class NewProjectForm(forms.Form):
    name = forms.CharField(
        label=pgettext_lazy("of a thing", "name"),
        max_length=NAME,
        help_text=_("What your team calls it, such as “Support”. Customers never see it."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    time_zone = forms.CharField(
        label=_("time zone"),
        max_length=64,
        initial="UTC",
        widget=forms.TextInput(attrs=ZONES),
        help_text=_("In which times of day are shown on these pages."),
    )

    def clean_time_zone(self) -> str:
        return zone_of(self.cleaned_data["time_zone"])


class BotForm(forms.Form):
    """Write only: a token that is saved is never shown again, not even to its owner."""

    token = forms.CharField(
        label=_("token"),
        max_length=TOKEN,
        widget=forms.PasswordInput(
            render_value=False,
            attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "123456789:AA…"},
        ),
        help_text=_("From @BotFather. It is kept encrypted and never shown again."),
    )


class SettingsForm(ModelForm[Project]):
    language = forms.ChoiceField(label=_("language"), choices=settings.LANGUAGES)
    send_within_s = whole_number(
        _("send within (seconds)"),
        10,
        86_400,
        help_text=_(
            "An answer that cannot leave for so long is not sent at all: nothing old leaves by "
            "itself."
        ),
    )

    class Meta:
        model = Project
        fields = (
            "name",
            "remark",
            "time_zone",
            "language",
            "open_with",
            "uncertain_policy",
            "send_within_s",
            "keeps_visitor_ips",
        )
        widgets = {"time_zone": forms.TextInput(attrs=ZONES)}
        help_texts = {
            "remark": _("For your team alone."),
            "time_zone": _("In which times of day are shown on these pages."),
            "keeps_visitor_ips": _(
                "Of those who open redirect links. Off: from now on none is recorded; those that are "
                "there lose their last part when they are old enough."
            ),
            "open_with": _("What a customer has to do to get into the line."),
            "uncertain_policy": _(
                "The network broke while an answer was on its way, and nobody knows whether it "
                "arrived. Hold: it is shown as uncertain until an agent says “send again” or “it "
                "arrived”; no customer gets it twice, but one may wait. Send again: it leaves by "
                "itself within seconds, and the customer may get it twice."
            ),
        }

    def clean_time_zone(self) -> str:
        return zone_of(self.cleaned_data["time_zone"])


class NewAgentForm(forms.Form):
    email = forms.EmailField(
        label=_("e-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    name = forms.CharField(
        label=_("name"),
        max_length=PERSON_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Somebody who has an account already keeps the name they chose."),
    )


def seen_order(sent: QueryDict) -> list[UUID]:
    """The team's order as it was shown. Raises Refusal `invalid`."""
    try:
        return [UUID(value) for value in str(sent.get("seen", "")).split()]
    except ValueError:
        raise _unreadable() from None


def new_order(sent: QueryDict) -> list[UUID]:
    """The team as it was shown, with one agent moved `up` or `down` a place.

    Raises Refusal `invalid`.
    """
    try:
        order = [UUID(value) for value in sent.getlist("order")]
        for way, step in (("up", -1), ("down", 1)):
            if sent.get(way):
                _move(order, UUID(str(sent[way])), step)
    except ValueError:
        raise _unreadable() from None
    return order


def _unreadable() -> Refusal:
    return invalid(_("This order cannot be read. Look at the list again."))


def _move(order: list[UUID], who: UUID, step: int) -> None:
    place = order.index(who)
    other = place + step
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]


class RulesForm(ModelForm[Pool]):
    version = forms.IntegerField(
        widget=forms.HiddenInput, error_messages={"required": _("Load this page again.")}
    )
    specified = forms.ModelMultipleChoiceField(
        label=_("who receives"),
        queryset=Agent.objects.none(),
        to_field_name="public_id",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    too_old_days = whole_number(
        _("waiting longest (days)"),
        1,
        365,
        help_text=_("What has waited longer is left to people: somebody has to claim it."),
    )
    answer_within_min = whole_number(
        _("answer within (minutes)"),
        2,
        1440,
        required=False,
        help_text=_(
            "Empty: off. Who got a session by routing and has a page open, but leaves a waiting "
            "customer without an answer for so long, loses it: it goes to somebody else, once. If "
            "nobody else can receive, it waits in line, where they can still claim it."
        ),
    )

    class Meta:
        model = Pool
        fields = (
            "mode",
            "scope",
            "specified",
            "ties",
            "returning",
            "vanished",
            "hidden_pages_receive",
            "too_old_days",
            "answer_within_min",
        )
        widgets = {"mode": forms.RadioSelect, "scope": forms.RadioSelect}
        help_texts = {
            "ties": _("Online-First: which of those with equally few open sessions."),
            "returning": _("A customer who was here before opens a new session."),
            "vanished": _("An agent has had no page open for a minute and owns sessions."),
            "hidden_pages_receive": _(
                "Off: who has every session page in the background gets no new session."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version
        team: Any = self.fields["specified"]
        team.queryset = (
            Agent.objects.on_team().with_people().filter(project=self.instance.project_id)
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("scope") == Pool.Scope.SPECIFIED and not data.get("specified"):
            self.add_error("specified", _("Choose at least one agent, or All Agents."))
        return data

    def changes(self, sent: QueryDict) -> dict[str, Any]:
        """What is other than the page has shown, whatever is stored by now."""
        shown = RulesForm(sent, instance=copy(self.instance), prefix=SHOWN)
        shown.is_valid()  # what cannot be read any more was other
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name != "version" and _plain(value) != _plain(shown.cleaned_data.get(name, MISSING))
        }

    def as_shown(self) -> list[Any]:
        """Hidden fields that hold what was stored when the page was shown first."""
        sent = self.data if self.is_bound else None
        shown = RulesForm(sent, instance=copy(self.instance), prefix=SHOWN)
        return [shown[name].as_hidden() for name in shown.fields if name != "version"]


def _plain(value: Any) -> Any:
    return set(value) if isinstance(value, QuerySet) else value
