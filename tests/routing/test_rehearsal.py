"""routing.rehearsal: what other rules mean now, and what they would have done in the past."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.choice import ONLINE_FIRST, ROUND_ROBIN, Candidate, Rules, choose
from routing.hours import Span
from routing.rehearsal import Member, Opened, Past, Plan, Stay, barred, leaves_nobody, replay

untimed = settings(deadline=None)

MONDAY = datetime(2026, 3, 23, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
LONG_AGO = MONDAY - timedelta(days=100)
OFFICE = tuple(Span(day, time(9), time(17)) for day in range(7))


def at(minutes):
    return MONDAY + minutes * MINUTE


def member(key, *stays, joined_at=LONG_AGO, spans=(), held=(), served_at=None, **fields):
    """An agent at the place of his key; `stays`: (minute, state), online all the time without."""
    candidate = Candidate(agent=key, place=(key, key), **fields)
    times = tuple(Stay(at(minute), state) for minute, state in stays or [(-60, "online")])
    return Member(candidate, joined_at, times, tuple(spans), tuple(held), served_at)


def past(team, sessions, *, days=7, zone=BERLIN):
    return Past(MONDAY, MONDAY + timedelta(days=days), zone, team, sessions)


def sessions(*minutes, lasting=None):
    """One opens at each of these minutes."""
    return [
        Opened(number, at(minute), at(minute + lasting) if lasting else None)
        for number, minute in enumerate(minutes, start=1)
    ]


def agents(outcomes):
    return [outcomes[key].agent for key in sorted(outcomes)]


def minutes(outcomes):
    """When each was given, in minutes."""
    times = [outcomes[key].at for key in sorted(outcomes)]
    return [one and (one - MONDAY) / MINUTE for one in times]


# ---------------------------------------------------------------- any past


@untimed
@given(
    st.integers(1, 8),
    st.lists(st.integers(0, 10_000), min_size=1, max_size=80, unique=True),
    st.integers(0, 8),
)
def test_round_robin_among_people_who_are_always_there_differs_by_one_at_most(size, opened, last):
    team = [member(key, served_at=LONG_AGO if key == last else None) for key in range(1, size + 1)]
    found = replay(past(team, sessions(*sorted(opened))), Plan(Rules()))
    counts = Counter(agents(found))
    shares = [counts[key] for key in range(1, size + 1)]
    assert max(shares) - min(shares) <= 1
    assert minutes(found) == sorted(opened)
    first = last % size + 1 if last <= size else 1
    assert found[1].agent == first


stays = st.lists(
    st.tuples(st.integers(-5, 200), st.sampled_from(["online", "hidden", "away", "offline"])),
    min_size=1,
    max_size=6,
    unique_by=lambda stay: stay[0],
).map(sorted)


@st.composite
def pasts(draw):
    team = [
        member(
            key,
            *draw(stays),
            joined_at=draw(st.sampled_from([LONG_AGO, at(50)])),
            limit=draw(st.none() | st.integers(1, 2)),
            may_reply=draw(st.booleans() | st.just(True)),
        )
        for key in range(1, draw(st.integers(1, 4)) + 1)
    ]
    opened = sorted(draw(st.lists(st.integers(0, 200), unique=True, max_size=15)))
    lasting = draw(st.lists(st.none() | st.integers(1, 120), min_size=15, max_size=15))
    return past(
        team,
        [
            Opened(number, at(minute), at(minute + length) if length else None)
            for number, (minute, length) in enumerate(zip(opened, lasting, strict=False), start=1)
        ],
    )


plans = st.builds(
    Plan,
    rules=st.builds(
        Rules,
        mode=st.sampled_from([ROUND_ROBIN, ONLINE_FIRST]),
        random_ties=st.booleans(),
        hidden_pages_receive=st.booleans(),
    ),
    listed=st.none() | st.frozensets(st.integers(1, 4)),
)


def could_receive(one, session, moment, plan, found, happened):
    """Whether the session could be given to him then; judged without the replay's own books."""
    state = [stay.state for stay in one.stays if stay.at <= moment][-1:]
    states = ["online", "hidden"] if plan.rules.hidden_pages_receive else ["online"]
    key, limit = one.candidate.agent, one.candidate.limit
    ends = {session.key: session.ended_at for session in happened.sessions}
    has = sum(
        outcome.agent == key
        and (outcome.at, name) < (moment, session.key)
        and (not ends[name] or ends[name] > moment)
        for name, outcome in found.items()
    )
    return (
        any(name in states for name in state)
        and one.joined_at <= moment
        and one.candidate.may_reply
        and (plan.listed is None or key in plan.listed)
        and (limit is None or has < limit)
    )


@untimed
@given(pasts(), plans)
def test_nobody_gets_one_who_could_not_and_none_waits_for_somebody_who_could(happened, plan):
    found = replay(happened, plan)
    assert found.keys() == {session.key for session in happened.sessions}
    given_at = []
    for session in happened.sessions:
        outcome = found[session.key]
        able = [
            one.candidate.agent
            for one in happened.team
            if could_receive(one, session, session.at, plan, found, happened)
        ]
        assert list(outcome.able) == able
        if able:
            assert outcome.agent in able
            assert outcome.at == session.at
        elif outcome.agent is not None:
            assert outcome.at > session.at
            chosen = happened.team[outcome.agent - 1]
            assert could_receive(chosen, session, outcome.at, plan, found, happened)
        if outcome.at:
            given_at.append(outcome.at)
    assert given_at == sorted(given_at)


@untimed
@given(pasts(), plans)
def test_the_same_past_is_replayed_the_same(happened, plan):
    assert replay(happened, plan) == replay(happened, plan)


# ---------------------------------------------------------------- absence


def test_what_opens_while_nobody_is_there_waits_for_who_comes_oldest_first():
    team = [
        member(1, (-60, "online"), (10, "away"), (60, "online")),
        member(2, (-60, "online"), (20, "offline"), (90, "hidden")),
    ]
    found = replay(past(team, sessions(5, 15, 25, 30, 95)), Plan(Rules()))
    assert minutes(found) == [5, 15, 60, 60, 95]
    assert agents(found) == [1, 2, 1, 1, 2]
    assert [found[key].able for key in (1, 2, 3)] == [(1, 2), (2,), ()]


def test_before_anything_is_recorded_of_somebody_he_was_not_there():
    found = replay(past([member(1, (30, "online"))], sessions(10)), Plan(Rules()))
    assert minutes(found) == [30]


def test_hidden_pages_count_as_the_rules_say():
    team = [member(1, (-60, "hidden")), member(2)]
    opened = past(team, sessions(1, 2, 3))
    assert agents(replay(opened, Plan(Rules()))) == [1, 2, 1]
    assert agents(replay(opened, Plan(Rules(hidden_pages_receive=False)))) == [2, 2, 2]


def test_only_those_on_the_list_are_asked():
    team = [member(1), member(2, (60, "online"))]
    plan = Plan(Rules(list_size=1), listed=frozenset({2}))
    found = replay(past(team, sessions(1, 70)), plan)
    assert (agents(found), minutes(found)) == ([2, 2], [60, 70])
    nobody = replay(past(team, sessions(1)), Plan(Rules(list_size=0), listed=frozenset()))
    assert agents(nobody) == [None]


def test_who_joined_later_could_not_receive_before():
    team = [member(1), member(2, joined_at=at(60))]
    found = replay(past(team, sessions(1, 2, 61)), Plan(Rules()))
    assert agents(found) == [1, 1, 2]


# ---------------------------------------------------------------- working hours


@pytest.mark.parametrize(
    ("opens", "given_at"),
    [
        # Saturday: nine in Berlin is eight in Greenwich
        ("2026-03-28T07:59", "2026-03-28T08:00"),
        ("2026-03-28T08:00", "2026-03-28T08:00"),
        ("2026-03-28T15:59", "2026-03-28T15:59"),
        ("2026-03-28T16:00", "2026-03-29T07:00"),
        # Sunday, the clock has jumped at night: seven
        ("2026-03-29T06:59", "2026-03-29T07:00"),
        ("2026-03-29T07:00", "2026-03-29T07:00"),
        ("2026-03-29T14:59", "2026-03-29T14:59"),
    ],
)
def test_working_hours_are_those_on_the_wall_through_the_change_of_the_clock(opens, given_at):
    moment = datetime.fromisoformat(opens).replace(tzinfo=UTC)
    found = replay(past([member(1, spans=OFFICE)], [Opened(1, moment)]), Plan(Rules()))
    assert found[1].at == datetime.fromisoformat(given_at).replace(tzinfo=UTC)


def test_an_hour_that_comes_twice_counts_twice():
    begins = datetime(2026, 10, 24, tzinfo=UTC)
    spans = (Span(6, time(2), time(2, 30)),)  # Sunday night, when Berlin's clock goes back at three
    online = Member(
        Candidate(agent=1, place=(1, 1)), LONG_AGO, (Stay(begins, "online"),), spans=spans
    )
    opened = [
        Opened(minute, datetime(2026, 10, 25, 0, tzinfo=UTC) + minute * MINUTE)
        for minute in (10, 40, 70, 100)
    ]
    happened = Past(begins, begins + timedelta(days=2), BERLIN, [online], opened)
    found = replay(happened, Plan(Rules()))
    assert [found[key].able for key in (10, 40, 70, 100)] == [(1,), (), (1,), ()]
    # what opened between the two waits for the second
    assert found[40].at == datetime(2026, 10, 25, 1, tzinfo=UTC)


# ---------------------------------------------------------------- limits and load


def test_who_is_at_his_limit_gets_the_next_when_one_is_completed():
    found = replay(past([member(1, limit=1)], sessions(10, 20, 30, lasting=25)), Plan(Rules()))
    assert minutes(found) == [10, 35, 45]


def test_what_is_completed_while_it_waits_goes_to_nobody():
    found = replay(past([member(1, limit=1)], sessions(10, 11, lasting=5)), Plan(Rules()))
    assert (agents(found), minutes(found)) == ([1, 1], [10, 15])
    found = replay(past([member(1, limit=1)], sessions(10, 10, lasting=5)), Plan(Rules()))
    assert agents(found) == [1, None]


def test_older_sessions_count_as_they_were_held():
    team = [
        member(1, limit=1, held=[(LONG_AGO, at(20)), (at(40), None)]),
        member(2, (200, "online")),
    ]
    found = replay(past(team, sessions(10, 15, lasting=12)), Plan(Rules()))
    assert (agents(found), minutes(found)) == ([1, 1], [20, 22])
    busy = replay(past(team, sessions(45)), Plan(Rules()))
    assert (agents(busy), minutes(busy)) == ([2], [200])


def test_online_first_counts_what_each_has_by_then():
    team = [member(1, held=[(LONG_AGO, at(50))]), member(2)]
    found = replay(past(team, sessions(10, 20, 60)), Plan(Rules(mode=ONLINE_FIRST)))
    assert agents(found) == [2, 1, 2]


def test_the_circle_goes_on_from_who_was_served_before():
    team = [member(1), member(2, served_at=MONDAY - MINUTE), member(3, served_at=LONG_AGO)]
    assert agents(replay(past(team, sessions(1, 2)), Plan(Rules()))) == [3, 1]
    # and Online-First knows who was served longest ago
    team[0] = member(1, served_at=MONDAY - 2 * MINUTE)
    found = replay(past(team, sessions(1, 2, 3)), Plan(Rules(mode=ONLINE_FIRST)))
    assert agents(found) == [3, 1, 2]


def test_the_former_agent_comes_first_if_the_rules_say_so_and_it_is_no_turn():
    team = [member(1), member(2), member(3)]
    opened = [Opened(1, at(1), former=3), Opened(2, at(2)), Opened(3, at(3), former=9)]
    assert agents(replay(past(team, opened), Plan(Rules(), is_former_first=True))) == [3, 1, 2]
    assert agents(replay(past(team, opened), Plan(Rules()))) == [1, 2, 3]


def test_what_waits_too_long_is_not_routed():
    team = [member(1, (3000, "online"))]
    opened = past(team, sessions(10, 2000))
    assert agents(replay(opened, Plan(Rules(), too_old=timedelta(days=1)))) == [None, 1]
    assert agents(replay(opened, Plan(Rules(), too_old=timedelta(days=3)))) == [1, 1]


# ---------------------------------------------------------------- at this moment


def by(plan, *team):
    return choose(candidates=plan.seat(team), rules=plan.rules)


def specified(*keys):
    return Plan(Rules(list_size=len(keys)), listed=frozenset(keys))


ALICE = Candidate(agent=1, place=(1, 1))
BOB = Candidate(agent=2, place=(2, 2), is_connected=False)
HIDDEN = Candidate(agent=3, place=(3, 3), is_hidden=True)
EVERYBODY = Plan(Rules())
VISIBLE = Plan(Rules(hidden_pages_receive=False))


@pytest.mark.parametrize(
    ("team", "before", "after", "stops"),
    [
        # the only one who could is barred
        ([ALICE, BOB], EVERYBODY, specified(2), True),
        ([HIDDEN, BOB], EVERYBODY, VISIBLE, True),
        # nobody could before either, and these rules bar somebody
        ([BOB, HIDDEN], specified(2), specified(), True),
        ([BOB], EVERYBODY, specified(), True),
        # somebody is left
        ([ALICE, BOB], EVERYBODY, specified(1), False),
        ([ALICE, HIDDEN], EVERYBODY, VISIBLE, False),
        # nobody can, and it is no work of these rules
        ([BOB], EVERYBODY, specified(2), False),
        ([BOB], EVERYBODY, VISIBLE, False),
        ([BOB], specified(), EVERYBODY, False),
        ([BOB, HIDDEN], specified(2), specified(1, 2), False),
        ([], EVERYBODY, specified(), False),
    ],
)
def test_it_stops_where_rules_bar_somebody_and_leave_nobody(team, before, after, stops):
    assert leaves_nobody(by(before, *team), by(after, *team)) is stops


def test_it_knows_whom_other_rules_bar():
    before = by(EVERYBODY, ALICE, BOB, HIDDEN)
    assert barred(before, by(VISIBLE, ALICE, BOB, HIDDEN)) == {3}
    assert barred(before, by(specified(1), ALICE, BOB, HIDDEN)) == {2, 3}
    assert barred(before, before) == set()
