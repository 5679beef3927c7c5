"""What there was to judge in a run of tests/sessions_app/test_machine.py, and whether it was enough.

A rule has "decided" where another would have got the session, or nobody, had that rule not been.
"""

from collections import Counter

SEEN: Counter[str] = Counter()

# Of each kind at least so many in 2,000 steps: a third or less of what there was when this was
# written. The steps are the same each time.
ENOUGH = {
    "given": 500,
    "given among several": 200,
    "given to one behind the head": 20,
    "given by turn since it has waited": 10,
    "given by the link's list out of scope": 10,
    "routed several at once": 70,
    "told why it waits": 400,
    "knows why it waits": 150,
    "knows that it is too old": 15,
    "the cursor decided": 35,
    "the number of open sessions decided": 150,
    "the least recent turn decided": 4,
    "the former agent decided": 4,
    "drawn": 30,
    "already_had_it decided": 80,
    "at_limit decided": 100,
    "away decided": 30,
    "disabled decided": 70,
    "no_reply_right decided": 60,
    "not_in_link_list decided": 50,
    "not_in_scope decided": 40,
    "off_hours decided": 80,
    "offline decided": 100,
    "page_hidden decided": 15,
    "ended as owner_removed": 12,
    "ended as owner_silent": 30,
    "ended as owner_vanished": 5,
    "is within the grace": 3,
    "flagged since he never was here": 1,
    "assigned by hand": 25,
    "unassigned by hand": 15,
    "completed by hand": 120,
    "refused by hand": 20,
}


def too_thin() -> dict[str, int]:
    return {kind: SEEN[kind] for kind, enough in ENOUGH.items() if SEEN[kind] < enough}


def of_each_kind() -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(SEEN.items()))
