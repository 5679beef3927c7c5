"""The way from a click to a completed session, in words and in drawings. Pure: tallies in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sessions_app.queries.ledger import LOSSES, Tally

# What each figure is called, and what it means.
STEPS: dict[str, tuple[Promise, Promise]] = {
    "visits": (
        _("visits"),
        _(
            "People who opened the address. Robots, requests that only look (HEAD) and pages that "
            "browsers load ahead are led on and not counted, unless somebody pressed START with "
            "them after all."
        ),
    ),
    "starts": (
        _("pressed START"),
        _(
            "The bot was told the ticket of this visit. The first person who brings it is counted; "
            "a start link that he passes on brings no further visit."
        ),
    ),
    "wrote": (
        _("wrote"),
        _("In the session that this START opened the customer has sent something besides START."),
    ),
    "assigned": (_("got an agent"), _("The session has had an owner, by routing or by hand.")),
    "answered": (
        _("got an answer"),
        _(
            "An agent has sent something that did not fail on its way. Greetings of links are no "
            "answers."
        ),
    ),
    "completed": (_("completed"), _("The session is completed now.")),
}
LOST: dict[str, tuple[Promise, Promise]] = {
    "no_start": (
        _("never pressed START"),
        _("The link led into the bot, and no START came back from there."),
    ),
    "expired": (_("the link had expired"), _("They saw the page that says so, with the way on.")),
    "disabled": (
        _("the link was switched off"),
        _("They saw the page that says so, with the way on."),
    ),
    "bot_dead": (
        _("the bot was dead"),
        _("There was no bot, its token was refused, or nobody read it, and no START came since."),
    ),
    "silent": (
        _("pressed START and wrote nothing"),
        _("A session was opened, and the customer has said nothing in it."),
    ),
    "no_session": (
        _("had a session already"),
        _("Their START opened none: they were in a conversation, which keeps its own origin."),
    ),
    "waiting": (_("nobody on the line: they wait"), _("No agent has had the session so far.")),
    "nobody": (
        _("nobody on the line: closed"),
        _("The session was completed before any agent had it."),
    ),
    "unanswered": (
        _("wait for an answer"),
        _("An agent has had the session and sent nothing yet."),
    ),
    "given_up": (
        _("completed without an answer"),
        _("The session was completed, and no agent has answered."),
    ),
    "going_on": (_("still talking"), _("Answered and not completed: no loss so far.")),
}


def heads() -> list[str]:
    """The names of all figures, in the order of `Tally`."""
    return [str(words[0]) for words in (STEPS | LOST).values()]


def meanings() -> list[tuple[Promise, Promise]]:
    return [*STEPS.values(), *LOST.values()]


@dataclass(frozen=True)
class Step:
    """`percent`: of the visits. `losses`: behind it, the biggest first, [(what, how many)]."""

    name: str
    title: Promise
    count: int
    percent: int
    losses: list[tuple[Promise, int]]


def steps(tally: Tally) -> list[Step]:
    return [
        Step(
            name=name,
            title=STEPS[name][0],
            count=getattr(tally, name),
            percent=_percent(getattr(tally, name), tally.visits),
            losses=_losses(tally, names),
        )
        for name, names in LOSSES.items()
    ]


def worst(tally: Tally) -> tuple[Promise, int] | None:
    """What most were lost by."""
    found = _losses(tally, [name for name in LOST if name != "going_on"])
    return found[0] if found else None


def _losses(tally: Tally, names: Iterable[str]) -> list[tuple[Promise, int]]:
    found = [(LOST[name][0], getattr(tally, name)) for name in names if getattr(tally, name)]
    return sorted(found, key=lambda pair: -pair[1])


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


# ---------------------------------------------------------------- day by day

# In the drawing's own units; it is stretched to the width that there is.
WIDTH, HEIGHT = 1000, 100
DRAWN = ("visits", "starts", "answered")
GAP = 0.22  # of a day's width


@dataclass(frozen=True)
class Drawing:
    """`days`: [{"day", "tally", "bars": [{"name", "x", "y", "width", "height"}]}]; `lines`: the
    scale, [(y, figure)], its top first; `width`, `height`: of the whole."""

    days: list[dict[str, Any]]
    lines: list[tuple[float, int]]
    width: int = WIDTH
    height: int = HEIGHT


def drawing(tallies: Mapping[date, Tally]) -> Drawing:
    """Bars for each day; those of later steps stand before those of earlier ones."""
    top = _round_up(max((tally.visits for tally in tallies.values()), default=0))
    slot = WIDTH / max(1, len(tallies))
    return Drawing(
        days=[
            {"day": day, "tally": tally, "bars": _bars(tally, place * slot, slot, top)}
            for place, (day, tally) in enumerate(tallies.items())
        ],
        lines=[(HEIGHT - HEIGHT * part / 2, top * part // 2) for part in (2, 1, 0)],
    )


def _bars(tally: Tally, left: float, slot: float, top: int) -> list[dict[str, Any]]:
    heights = {name: round(HEIGHT * getattr(tally, name) / top, 2) for name in DRAWN}
    x, width = round(left + slot * GAP / 2, 2), round(slot * (1 - GAP), 2)
    return [
        {"name": name, "x": x, "y": HEIGHT - height, "width": width, "height": height}
        for name, height in heights.items()
        if height
    ]


def _round_up(most: int) -> int:
    """The scale's top: 2, 4, 10, 20, 40, 100, ... so that its half is a whole number, too."""
    most = max(2, most)
    decade: int = 10 ** (len(str(most)) - 1)
    return min(step * decade for step in (1, 2, 4, 10) if step * decade >= most)
