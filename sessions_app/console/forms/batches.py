"""Many links at once: a text or a file with a line for each."""

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.errors import Refusal
from core.validation import validate
from projects.models import Project
from redirects.models import Link

LINES = 500
BYTES = 512 * 1024
COLUMNS = ("name", "campaign", "note")


@dataclass(frozen=True)
class Line:
    """One link to be made. `number`: of the line it ends on. `errors`: why it cannot be made;
    `doubt`: what one should know before."""

    number: int
    name: str
    campaign: str
    note: str
    errors: tuple[str, ...] = ()
    doubt: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in COLUMNS}


class BatchForm(forms.Form):
    """Shown first, made then: `seen` is the digest of what was shown."""

    text = forms.CharField(
        label=_("links"),
        required=False,
        strip=False,
        max_length=BYTES,
        widget=forms.Textarea(
            attrs={
                "rows": 10,
                "spellcheck": "false",
                "placeholder": _("Poster,spring,at the station"),
            }
        ),
        help_text=_("A line for each: name, campaign, note. The last two may be left out."),
    )
    file = forms.FileField(
        label=_("or a CSV file"),
        required=False,
        help_text=_("UTF-8, with the same columns; 512 KB at most."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )
    batch = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["batch"] = uuid4()
        self.project = project
        self.lines: list[Line] = []
        self.understood = ""  # the text; kept where something in it is wrong

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if not file:
            return ""
        if file.size > BYTES:
            raise ValidationError(_("This file is larger than 512 KB."))
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise ValidationError(
                _("This file is not UTF-8. Save it as “CSV UTF-8” and choose it again.")
            ) from None

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        typed, file = given.get("text", ""), given.get("file", "")
        if self.errors:
            return given
        if typed.strip() and file.strip() and not given.get("seen"):
            self.add_error("file", _("Either lines or a file, not both."))
        self.understood = "\n".join((file or typed).splitlines())
        self._read(self.understood)
        return given

    def _read(self, text: str) -> None:
        try:
            self.lines = lines(text, self.project)
        except ValueError as error:
            self.add_error("text", str(error))
            return
        wrong = sum(1 for line in self.lines if line.errors)
        if not self.lines:
            self.add_error("text", _("There is no line to make a link of."))
        elif wrong:
            said = ngettext(
                "%d line cannot be made into a link; nothing is made.",
                "%d lines cannot be made into links; nothing is made.",
                wrong,
            )
            self.add_error("text", said % wrong)

    def show_again(self) -> None:
        """What was understood is what will be sent again."""
        self.is_valid()
        sent: Any = self.data  # a QueryDict
        shown = sent.copy()
        shown["seen"] = self.digest
        if self.understood:
            shown["text"] = self.understood
        self.data = shown

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.understood.encode()).hexdigest()

    @property
    def is_seen(self) -> bool:
        """What is to be made is what was shown."""
        return self.is_valid() and self.cleaned_data["seen"] == self.digest


def lines(text: str, project: Project) -> list[Line]:
    """Each with all that is wrong with it. Raises ValueError if it is no table, or too long."""
    rows = list(_rows(text))
    if len(rows) > LINES:
        raise ValueError(
            _("These are %(count)d lines; %(most)d at most are made at a time.")
            % {"count": len(rows), "most": LINES}
        )
    there = {(link.name, link.campaign) for link in Link.objects.kept().filter(project=project)}
    found: dict[tuple[str, str], int] = {}
    told = []
    for number, cells in rows:
        line = _line(number, cells, project, there, found)
        found.setdefault((line.name, line.campaign), number)
        told.append(line)
    return told


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, without a heading, by the numbers of their lines."""
    reader = csv.reader(io.StringIO(text), delimiter=_delimiter(text), strict=True)
    is_first = True
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells) and not (is_first and _is_heading(cells)):
                yield reader.line_num, cells
            is_first = is_first and not any(cells)
    except csv.Error:
        raise ValueError(
            _("Line %d: a quotation mark is not closed, or more follows after it.")
            % reader.line_num
        ) from None


def _delimiter(text: str) -> str:
    """As spreadsheets copy and save: tabs, semicolons where a comma is the decimal sign, commas."""
    first = text.lstrip("\n").partition("\n")[0]
    if "\t" in first:
        return "\t"
    return ";" if ";" in first and "," not in first else ","


def _is_heading(cells: Sequence[str]) -> bool:
    """As the page names them, or in English."""
    said = tuple(cell.lower() for cell in cells)
    return said in (COLUMNS[: len(cells)], tuple(_headings())[: len(cells)])


def _headings() -> Iterator[str]:
    for name in (pgettext("of a thing", "name"), gettext("campaign"), gettext("note")):
        yield name.lower()


def _line(
    number: int,
    cells: list[str],
    project: Project,
    there: set[tuple[str, str]],
    found: dict[tuple[str, str], int],
) -> Line:
    name, campaign, note = [*cells, "", ""][:3]
    errors = [*_wrong_columns(cells), *_refused(project, name, campaign, note)]
    if (name, campaign) in found:
        errors.append(
            str(_("The same name and campaign stand in line %d.") % found[name, campaign])
        )
    is_known = (name, campaign) in there
    doubt = str(_("There is a link of this name and campaign already.")) if is_known else ""
    return Line(number, name, campaign, note, tuple(errors), doubt)


def _wrong_columns(cells: Sequence[str]) -> list[str]:
    if not any(cells[len(COLUMNS) :]):
        return []
    said = _("%d columns; a link has three. Put what holds a comma in quotation marks.")
    return [str(said % len(cells))]


def _refused(project: Project, name: str, campaign: str, note: str) -> list[str]:
    if not name:
        return [str(_("It has no name."))]
    link = Link(project=project, name=name, campaign=campaign, note=note)
    try:
        validate(link, COLUMNS)
    except Refusal as refusal:
        labels = {
            "name": pgettext_lazy("of a thing", "Name"),
            "campaign": _("Campaign"),
            "note": _("Note"),
        }
        return [
            f"{labels[field]}: {' '.join(map(str, texts))}" for field, texts in refusal.data.items()
        ]
    return []
