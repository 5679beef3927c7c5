"""What managers set of one agent: rights, limit and working hours."""

import json
import re
from collections.abc import Sequence
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.models import Agent
from routing.hours import Span
from routing.models import WorkingSpan
from sessions_app.console.forms import ModelForm, whole_number


class SeenForm(forms.BaseForm):
    """Sends back what its page has shown, so that nobody saves over what he has not seen."""

    def is_of_now(self, shown: Any) -> None:
        """What is saved meanwhile is told by now: the next press means that."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict, once it is bound
        data["seen"] = json.dumps(shown)
        self.data = data


def seen_field() -> forms.JSONField:
    return forms.JSONField(required=False, widget=forms.HiddenInput)


class RightsForm(SeenForm, ModelForm[Agent]):
    seen = seen_field()
    session_limit = whole_number(
        _("open sessions at most"),
        1,
        1000,
        required=False,
        help_text=_(
            "Empty: no limit. Who has reached it gets no new session until one is completed."
        ),
    )

    class Meta:
        model = Agent
        fields = (
            "session_limit",
            "may_reply",
            "may_transfer",
            "may_complete",
            "may_see_others",
            "is_enabled",
        )
        help_texts = {
            "may_reply": _("Without it no session is ever given to them."),
            "is_enabled": _("Disabled: their sessions go back in line, and they see nothing."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self.shown(self.instance)

    @classmethod
    def shown(cls, agent: Agent) -> dict[str, Any]:
        return {name: getattr(agent, name) for name in cls.Meta.fields}

    def clean_seen(self) -> dict[str, Any] | None:
        seen = self.cleaned_data["seen"]
        if isinstance(seen, dict) and seen.keys() <= set(self.Meta.fields):
            return seen
        return None

    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "seen"}


TIME = r"(\d{1,2})(?:[:.](\d{2}))?"
SPAN = re.compile(rf"{TIME}\s*[-–—]\s*{TIME}")


class HoursForm(SeenForm, forms.Form):
    """A line for each day of the week: "9:00–12:30, 13:30–18"."""

    seen = seen_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for value, label in WorkingSpan.Weekday.choices:
            widget = forms.TextInput(
                attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "–"}
            )
            self.fields[f"day_{value}"] = forms.CharField(
                label=label, max_length=200, required=False, widget=widget
            )

    @classmethod
    def of(cls, spans: Sequence[Span]) -> "HoursForm":
        days = cls.shown(spans)
        return cls(initial={**days, "seen": days})

    @staticmethod
    def shown(spans: Sequence[Span]) -> dict[str, str]:
        days: dict[str, list[str]] = {}
        for span in spans:
            days.setdefault(f"day_{span.weekday}", []).append(str(span))
        return {day: ", ".join(said) for day, said in days.items()}

    def clean_seen(self) -> list[Span] | None:
        seen = self.cleaned_data["seen"]
        try:
            return None if seen is None else _week(seen)
        except (ValueError, TypeError, AttributeError):
            self.add_error(None, _("Load this page again."))
            return None

    def clean(self) -> dict[str, Any]:
        for name, text in list(self.cleaned_data.items()):
            try:
                if name != "seen":
                    self.cleaned_data[name] = _week({name: text})
            except ValueError:
                self.add_error(name, _("Write it as in “9:00–12:30, 13:30–18:00”."))
        return self.cleaned_data

    def spans(self) -> list[Span]:
        days = [said for name, said in self.cleaned_data.items() if name != "seen"]
        return [span for day in days for span in day]


def _week(days: dict[str, str]) -> list[Span]:
    """By the fields' names. Raises ValueError for what is no list of spans."""
    return [
        _span(int(day.removeprefix("day_")), part.strip())
        for day, text in days.items()
        for part in re.split("[,;]", text)
        if part.strip()
    ]


def _span(weekday: int, text: str) -> Span:
    match = SPAN.fullmatch(text)
    if match is None:
        raise ValueError(text)
    begins, ends = match.groups()[:2], match.groups()[2:]
    return Span(weekday, _time(*begins), _time(*ends))


def _time(hours: str, minutes: str | None) -> time:
    """24:00 is midnight."""
    if (int(hours), int(minutes or 0)) == (24, 0):
        return time.min
    return time(int(hours), int(minutes or 0))
