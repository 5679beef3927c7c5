"""The shape of what managers submit. Rows' own rules are asked again by the actions."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from insights.models import MINUTES, AlarmRules
from insights.queries.alarms import Wish

HOURS = (0, 1, 8, 24, 72)


def minutes(label: Any, help_text: Any) -> forms.IntegerField:
    least, most = MINUTES
    message = format_lazy(
        _("This is a whole number from {least} to {most}, or empty."), least=least, most=most
    )
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        required=False,
        min_value=least,
        max_value=most,
        widget=forms.NumberInput(attrs={"min": least, "max": most, "inputmode": "numeric"}),
        error_messages={"invalid": message, "min_value": message, "max_value": message},
    )


class AlarmForm(forms.Form):
    nobody_min = minutes(
        _("nobody can receive (minutes)"),
        _(
            "While everybody is outside their working hours, or the project is paused, this is no "
            "alarm."
        ),
    )
    bot_min = minutes(
        _("the bot is not read (minutes)"),
        _("Its token is refused, another program reads it, or nothing comes in from Telegram."),
    )
    waiting_min = minutes(
        _("a session waits (minutes)"), _("Whoever waits longest, for whatever reason.")
    )
    mailed = forms.MultipleChoiceField(
        label=_("who has them by e-mail"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, sent: Any, *, rules: AlarmRules, wishes: list[Wish], **options: Any) -> None:
        initial = {name: getattr(rules, name) for name in ("nobody_min", "bot_min", "waiting_min")}
        chosen = [str(wish.user.public_id) for wish in wishes if wish.is_mailed]
        super().__init__(sent, initial=initial | {"mailed": chosen}, **options)
        self.people = {str(wish.user.public_id): wish.user for wish in wishes}
        box: Any = self.fields["mailed"]
        box.choices = [(key, f"{user.name}, {user.email}") for key, user in self.people.items()]

    def unmailed(self) -> list[User]:
        chosen = self.cleaned_data["mailed"]
        return [user for key, user in self.people.items() if key not in chosen]


class MuteForm(forms.Form):
    hours = forms.TypedChoiceField(choices=[(hours, hours) for hours in HOURS], coerce=int)
