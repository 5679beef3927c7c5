"""What was promised, judged from the simulator's journal, the rows and a manager's page."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from tests.campaign.stage import Stage
from tests.campaign.traffic import Traffic
from tests.support.waiting import until

MESSAGES = """
    SELECT message.chat_id, message.direction, message.text, message.delivery
    FROM sessions_app_message message
    JOIN sessions_app_chatsession chat ON chat.id = message.session_id
    WHERE message.direction IN ('in', 'out')
    ORDER BY message.chat_id, chat.number, message.number
"""
WAITING = (
    "SELECT count(*) FROM bots_inboundupdate WHERE state = 'pending'",
    "SELECT count(*) FROM bots_outboundcall WHERE state IN ('queued', 'sending')",
)
# What a call may have had done to it when nobody can tell whether it arrived.
DOUBTFUL = {"500", "502html", "empty", "cut_body", "cut_before", "cut_after", "hang"}
EARLY_S = 0.05  # two processes read the same clock at two moments

Journal = list[dict[str, Any]]
Chats = dict[int, list[str]]


def empty_queues(stage: Stage, seconds: float) -> None:
    """Wait until nothing is on its way any more, at Telegram or in the product."""
    bot = stage.house.bot

    def are_empty() -> bool:
        bots = stage.house.control("bots")["bots"]
        waiting = sum(one["waiting"] for one in bots if one["id"] == bot)
        return not waiting and not any(stage.rows.count(query) for query in WAITING)

    until(are_empty, seconds)


def judge(stage: Stage, traffic: Traffic) -> dict[str, int]:
    """How often each promise was broken: all are 0 but `uncertain` and `failed`, which are counts."""
    rows = stage.rows(MESSAGES)
    journal = stage.house.control("journal?method=sendMessage")["entries"]
    callers = [*traffic.callers, traffic.probe]
    said = {caller.id: caller.said for caller in callers}
    answers = {caller.id: caller.answers for caller in callers}
    arrived = _texts((chat, text) for chat, way, text, _ in rows if way == "in")
    sent = _texts((int(call["chat"]), call["text"]) for call in _applied(journal))
    delivery = {text: state for _, way, text, state in rows if way == "out"}
    return {
        **_way("in", said, arrived, excused=set()),
        **_way("out", answers, sent, excused=_in_doubt(delivery)),
        "shown_sent_but_not_there": len(_shown(delivery, "sent") - set(_all(sent))),
        "early_after_429": _early(journal),
        "not_on_the_page": len(_unseen(traffic, rows)),
        "uncertain": len(_shown(delivery, "uncertain")),
        "failed": len(_shown(delivery, "failed")),
    }


def struck(stage: Stage) -> int:
    """How many calls had something done to them after which nobody knows whether they arrived."""
    journal = stage.house.control("journal?method=sendMessage")["entries"]
    return sum(call["fault"] in DOUBTFUL for call in journal)


def _applied(journal: Journal) -> Journal:
    calls = [call for call in journal if call["applied"]]
    return [call["params"] | {"chat": call["params"]["chat_id"]} for call in calls]


def _texts(pairs: Iterable[tuple[int, str]]) -> Chats:
    """The numbered texts of each chat in their order."""
    chats: Chats = defaultdict(list)
    for chat, text in pairs:
        if text.startswith(("in ", "out ")):
            chats[chat].append(text)
    return chats


def _way(way: str, given: Chats, found: Chats, *, excused: set[str]) -> dict[str, int]:
    times = Counter(_all(found))
    return {
        f"given_{way}": sum(map(len, given.values())),
        f"lost_{way}": sum(not times[text] for text in _all(given) if text not in excused),
        f"doubled_{way}": sum(count - 1 for count in times.values()),
        f"out_of_order_{way}": sum(map(_inversions, found.values())),
    }


def _all(chats: Chats) -> list[str]:
    return [text for texts in chats.values() for text in texts]


def _inversions(texts: Sequence[str]) -> int:
    return sum(_number(one) > _number(other) for one, other in pairwise(texts))


def _number(text: str) -> int:
    return int(text.split()[1])


def _shown(delivery: dict[str, str], state: str) -> set[str]:
    return {text for text, shown in delivery.items() if shown == state}


def _in_doubt(delivery: dict[str, str]) -> set[str]:
    return _shown(delivery, "uncertain") | _shown(delivery, "failed")


def _early(journal: Journal) -> int:
    """Calls to a chat within the time that a 429 had asked for."""
    until_at: dict[str, float] = {}
    early = 0
    for call in journal:
        chat = str(call["params"].get("chat_id"))
        early += call["started_at"] < until_at.get(chat, 0.0) - EARLY_S
        if "retry_after" in call["answer"]:
            until_at[chat] = call["at"] + call["answer"]["retry_after"]
    return early


def _unseen(traffic: Traffic, rows: list[tuple[Any, ...]]) -> set[str]:
    """Texts that never came to the manager's page, which was open from the first to the last."""
    agent = traffic.manager.agent

    def unseen() -> set[str]:
        seen = {event["data"].get("text") for event in list(agent.events)}
        return {text for _, _, text, _ in rows if text.startswith(("in ", "out "))} - seen

    try:
        until(lambda: not unseen(), 30)
    except AssertionError:
        return unseen()
    return set()
