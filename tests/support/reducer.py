"""The reference of what a page does with events: old snapshot + events = fresh snapshot.

Written for reading, beside docs/live-protocol.md; the page's own reducer is tested against feeds
that this one has passed (tests/js/fixtures/).
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

Json = dict[str, Any]


def after(snapshot: Json, events: Iterable[Json]) -> Json:
    """The snapshot brought up to date by envelopes `{n, kind, at, data}`."""
    page = Page(snapshot)
    for event in events:
        page.apply(event)
    return page.state


class Page:
    """One viewer's loaded window on a project."""

    def __init__(self, snapshot: Json) -> None:
        self.state = deepcopy(snapshot)

    def apply(self, event: Json) -> None:
        if event["n"] <= self.state["head"]:
            return
        self.state["head"] = event["n"]
        reducer: Callable[[Json], None] | None = getattr(
            self, "_" + event["kind"].replace(".", "_"), None
        )
        if reducer:
            reducer(event["data"])

    # ---------------------------------------------------------------- sessions

    def _session_changed(self, data: Json) -> None:
        row = {name: value for name, value in data.items() if name != "was"}
        if data["was"] is not None:
            self._forget(row["id"], data["was"])
        self._count(row["state"], +1)
        if self._is_mine(row):
            self._count("mine", +1)
            self._insert("mine", row)
        if row["state"] in {"unassigned", "completed"}:
            self._insert(row["state"], row)

    def _session_gone(self, data: Json) -> None:
        self._forget(data["id"], data["was"])

    def _is_mine(self, row: Json) -> bool:
        agent = self.state["me"]["agent"]
        return row["state"] == "assigned" and agent is not None and row["owner"]["id"] == agent

    def _forget(self, key: str, was: str) -> None:
        self._count(was, -1)
        if any(row["id"] == key for row in self.state["mine"]):
            self._count("mine", -1)
        for name in ("mine", "unassigned", "completed"):
            self.state[name] = [row for row in self.state[name] if row["id"] != key]

    def _count(self, name: str, by: int) -> None:
        self.state["counts"][name] += by

    def _insert(self, name: str, row: Json) -> None:
        """At its place; not where rows that are not loaded stand before it."""
        rows = sorted([*self.state[name], row], key=ORDER[name], reverse=name == "completed")
        is_whole = len(rows) == self.state["counts"][name]
        if is_whole or rows[-1] is not row:
            self.state[name] = rows

    # ---------------------------------------------------------------- the rest

    def _customer_changed(self, data: Json) -> None:
        for name in ("mine", "unassigned", "completed"):
            for row in self.state[name]:
                if row["customer"]["id"] == data["id"]:
                    row["customer"] = data

    def _project_changed(self, data: Json) -> None:
        self.state["project"] = data
        self._arrange()

    def _presence_changed(self, data: Json) -> None:
        others = [row for row in self.state["presence"] if row["agent"] != data["agent"]]
        self.state["presence"] = [*others, data]
        self._arrange()

    def _arrange(self) -> None:
        """The team in the order of its list, without who has left it."""
        places = {row["id"]: row["position"] for row in self.state["project"]["agents"]}
        team = [row for row in self.state["presence"] if row["agent"] in places]
        self.state["presence"] = sorted(team, key=lambda row: places[row["agent"]])

    def _read_changed(self, data: Json) -> None:
        self.state["reads"][data["session"]] = data["seen"]


ORDER: dict[str, Callable[[Json], Any]] = {
    "mine": lambda row: row["number"],
    "unassigned": lambda row: (row["queued_at"], row["number"]),
    "completed": lambda row: (row["completed_at"], row["number"]),
}


def chat_after(detail: Json, events: Iterable[Json]) -> Json:
    """A loaded session brought up to date, with all messages from the oldest loaded one on."""
    chat = deepcopy(detail)
    for event in events:
        if event["n"] > chat["head"]:
            chat["head"] = event["n"]
            _apply_to_chat(chat, event["kind"], event["data"])
    return chat


def _apply_to_chat(chat: Json, kind: str, data: Json) -> None:
    if kind == "session.changed" and data["id"] == chat["session"]["id"]:
        chat["session"] = {name: value for name, value in data.items() if name != "was"}
    if kind == "message.changed" and data["session"] == chat["session"]["id"]:
        others = [row for row in chat["messages"] if row["id"] != data["id"]]
        is_loaded = len(others) < len(chat["messages"])
        if is_loaded or not others or data["number"] > others[-1]["number"]:
            chat["messages"] = sorted([*others, data], key=lambda row: int(row["number"]))
    if kind == "customer.changed" and data["id"] == chat["customer"]["id"]:
        chat["customer"] |= data
        chat["session"]["customer"] = data
