"""The shape of a redirect link, as managers submit it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.models import Agent
from redirects.models import PATIENCE_S, Link
from sessions_app.console.forms import ModelForm, whole_number


class LinkForm(ModelForm[Link]):
    """Moments are in the time zone that is active."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    fallback_url = forms.URLField(
        label=_("way on"),
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text=_(
            "Where people may go on who open this link when it leads nowhere: it has expired, is "
            "switched off, or the bot does not work."
        ),
    )
    expires_at = forms.DateTimeField(
        label=_("expires"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: never."),
    )
    agents = forms.ModelMultipleChoiceField(
        label=_("own agents"),
        queryset=Agent.objects.none(),
        to_field_name="public_id",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nobody chosen: whom the routing rules say."),
    )
    patience_s = whole_number(
        _("patience (seconds)"),
        *PATIENCE_S,
        help_text=_(
            "If none of the link's own agents can receive for so long, the project's others may."
        ),
    )

    class Meta:
        model = Link
        fields = (
            "name",
            "campaign",
            "note",
            "is_enabled",
            "expires_at",
            "fallback_url",
            "greeting",
            "agents",
            "patience_s",
        )
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "campaign": forms.TextInput(attrs={"autocomplete": "off"}),
            "note": forms.Textarea(attrs={"rows": 2}),
            "greeting": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts = {
            "name": _("Such as “Poster at the station”. Agents see it beside the session."),
            "campaign": _("Links of one campaign are counted together."),
            "note": _("For your team alone."),
            "is_enabled": _("Off: who opens it sees a page that says so, with the way on."),
            "greeting": _("What the bot answers to START. Empty: nothing."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version
        chosen: Any = self.fields["agents"]
        team = Agent.objects.on_team().with_people()
        chosen.queryset = team.filter(project=self.instance.project_id)
        if self.instance.pk:
            self.initial["agents"] = list(chosen.queryset.filter(links=self.instance))

    def changes(self) -> dict[str, Any]:
        """What is other than it was shown, as actions.change_link takes it."""
        names = [name for name in self.changed_data if name != "version"]
        return {name: self.cleaned_data[name] for name in names}

    def fields_of_new(self) -> dict[str, Any]:
        """As actions.create_link takes them."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}
