"""What there was to judge in a run of tests/sessions_app/test_machine.py, and whether it was enough.

A rule has "decided" where another would have got the session, or nobody, had that rule not been.
"""

from collections import Counter

SEEN: Counter[str] = Counter()

# Of each kind at least so many in 2,000 steps: a third or less of what there was when this was
# written. The steps are the same each time.
ENOUGH = {
    "given": 500,
    "given among several": 230,
    "given to one behind the head": 20,
    "routed several at once": 70,
    "told why it waits": 400,
    "knows why it waits": 300,
    "knows that it is too old": 50,
    "the cursor decided": 45,
    "the number of open sessions decided": 150,
    "the least recent turn decided": 3,
    "the former agent decided": 6,
    "a wait before decided": 1,
    "drawn": 30,
    "already_had_it decided": 100,
    "at_limit decided": 100,
    "away decided": 100,
    "disabled decided": 60,
    "no_reply_right decided": 50,
    "not_in_link_list decided": 15,
    "not_in_scope decided": 50,
    "off_hours decided": 80,
    "offline decided": 80,
    "page_hidden decided": 10,
    "ended as owner_removed": 20,
    "ended as owner_silent": 30,
    "ended as owner_vanished": 5,
    "is within the grace": 3,
    "flagged since he never was here": 2,
    "assigned by hand": 25,
    "unassigned by hand": 15,
    "completed by hand": 100,
    "refused by hand": 25,
}


def too_thin() -> dict[str, int]:
    return {kind: SEEN[kind] for kind, enough in ENOUGH.items() if SEEN[kind] < enough}


def of_each_kind() -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(SEEN.items()))
