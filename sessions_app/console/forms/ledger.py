"""Which days of the ledger somebody wants to see, and by what."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from core import clock
from projects.models import Project
from sessions_app.queries.ledger import Period

DAYS = 30
MOST = timedelta(days=366)
BEGINNING = date(2020, 1, 1)
LINK, CAMPAIGN, DAY = "link", "campaign", "day"
BY = {LINK: _("By link"), CAMPAIGN: _("By campaign"), DAY: _("By day")}


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        label=label, required=False, input_formats=["%Y-%m-%d"], widget=widget, localize=False
    )


class PeriodForm(forms.Form):
    """Days by the project's clock. What is left out: the last 30 days, today too."""

    first = _day(_("from"))
    last = _day(_("to"))
    by = forms.ChoiceField(
        choices=list(BY.items()), required=False, widget=forms.HiddenInput, initial=LINK
    )

    def __init__(self, data: Any, project: Project) -> None:
        super().__init__(data)
        self.zone = ZoneInfo(project.time_zone)
        self.today = clock.now().astimezone(self.zone).date()

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        last = min(given.get("last") or self.today, self.today)
        first = given.get("first") or last - timedelta(days=DAYS - 1)
        if first > last:
            self.add_error("first", _("This is after the last day."))
        elif last - first > MOST:
            self.add_error("first", _("A year at most is counted at a time."))
        elif first < BEGINNING:
            self.add_error("first", _("There was nothing to count then."))
        return given | {"first": first, "last": last}

    @property
    def period(self) -> Period:
        """What is asked for, or what is shown where that makes no sense."""
        if self.is_valid():
            return Period(self.cleaned_data["first"], self.cleaned_data["last"], self.zone)
        return Period(self.today - timedelta(days=DAYS - 1), self.today, self.zone)

    @property
    def grouping(self) -> str:
        return (self.is_valid() and self.cleaned_data["by"]) or LINK
