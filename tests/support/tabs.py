"""Who is there, as people left it: their pages and what they chose, kept beside the product's rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core import clock
from routing.models import Lease, Presence

LEASE = timedelta(seconds=90)
CLOSED = timedelta(seconds=15)  # how long a closed page is still waited for


@dataclass
class Tab:
    """An open session page; `ends`: when it is given up if nothing is heard of it."""

    key: UUID
    user_id: int
    visible: bool
    ends: datetime
    is_closed: bool = False


class Tabs:
    """Of all people. `away`: who has chosen that; `since`: from when on somebody has been here
    without a break, as far as he is here."""

    def __init__(self) -> None:
        self.tabs: dict[UUID, Tab] = {}
        self.away: set[int] = set()
        self.since: dict[int, datetime] = {}

    def reports(self, key: UUID, user_id: int, *, visible: bool) -> None:
        """It was opened, or beats."""
        if not self.is_here(user_id):
            self.since[user_id] = clock.now()
        self.tabs[key] = Tab(key, user_id, visible, clock.now() + LEASE)

    def closes(self, tab: Tab) -> None:
        tab.is_closed = True
        tab.ends = min(tab.ends, clock.now() + CLOSED)

    def chooses(self, user_id: int, status: str) -> None:
        (self.away.add if status == "away" else self.away.discard)(user_id)

    def open(self) -> list[Tab]:
        """Those that may beat again, though some of their computers may be asleep."""
        return [tab for tab in self.tabs.values() if not tab.is_closed]

    def live(self) -> list[Tab]:
        return [tab for tab in self.tabs.values() if tab.ends > clock.now()]

    def is_here(self, user_id: int) -> bool:
        return any(tab.user_id == user_id for tab in self.live())

    def was_here_since(self, user_id: int, at: datetime) -> bool:
        return any(tab.user_id == user_id and tab.ends > at for tab in self.tabs.values())

    def assert_known(self) -> None:
        """The product knows the same, and nothing else."""
        live = Lease.objects.filter(expires_at__gt=clock.now())
        known = set(live.values_list("pk", "user", "visible", "expires_at", "here_since"))
        true = {
            (tab.key, tab.user_id, tab.visible, tab.ends, self.since[tab.user_id])
            for tab in self.live()
        }
        assert known == true, f"pages are {true}, and the product knows {known}"
        away = Presence.objects.filter(status="away").values_list("user", flat=True)
        assert set(away) == self.away, "what somebody chose is changed by nobody else"
