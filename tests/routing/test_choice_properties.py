"""routing.choice holds for any team and any order of events."""

import random
from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.choice import BEFORE_ALL, ONLINE_FIRST, ROUND_ROBIN, Candidate, Rules, choose, judge

untimed = settings(deadline=None)  # a busy machine is no fault of the rules

places = st.integers(0, 6)


@st.composite
def candidates(draw) -> list[Candidate]:
    keys = draw(st.lists(st.integers(1, 40), unique=True, max_size=8))
    return sorted((draw(candidate(key)) for key in keys), key=lambda one: one.place)


def candidate(key: int) -> st.SearchStrategy[Candidate]:
    return st.builds(
        Candidate,
        agent=st.just(key),
        place=places.map(lambda position: (position, key)),
        disabled_in=st.sampled_from(["", "", "", "account", "company", "project"]),
        is_member=st.booleans() | st.just(True),
        may_reply=st.booleans() | st.just(True),
        in_scope=st.booleans() | st.just(True),
        is_away=st.booleans(),
        is_connected=st.booleans() | st.just(True),
        is_hidden=st.booleans(),
        is_off_hours=st.booleans(),
        open=st.integers(0, 4),
        limit=st.none() | st.integers(0, 4),
        last_turn=st.integers(0, 9),
    )


rules = st.builds(
    Rules,
    mode=st.sampled_from([ROUND_ROBIN, ONLINE_FIRST]),
    random_ties=st.booleans(),
    list_size=st.none() | st.integers(0, 3),
    hidden_pages_receive=st.booleans(),
)
cursors = st.just(BEFORE_ALL) | st.tuples(places, st.integers(0, 40))


@untimed
@given(
    candidates(),
    rules,
    cursors,
    st.none() | st.integers(1, 40),
    st.frozensets(st.integers(1, 40)),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_it_never_picks_one_who_cannot_receive_and_never_leaves_one_who_can(
    team, rules, cursor, former, had_it, has_waited, rng: random.Random
):
    choice = choose(
        candidates=team,
        rules=rules,
        cursor=cursor,
        former=former,
        had_it=had_it,
        has_waited=has_waited,
        rng=rng,
    )
    eligible = {one.agent for one in team if judge(one, rules, had_it).is_eligible}
    if eligible and not choice.code:
        assert choice.agent in eligible
    else:
        assert choice.agent is None
    assert [verdict.candidate for verdict in choice.verdicts] == team
    assert choice.is_former == (former in eligible and not choice.code)


@untimed
@given(candidates(), cursors)
def test_the_order_of_service_is_the_order_of_the_list(team, cursor):
    rules = Rules()
    eligible = [one for one in team if judge(one, rules).is_eligible and one.limit is None]
    after = [one.agent for one in eligible if one.place > cursor]
    up_to = [one.agent for one in eligible if one.place <= cursor]
    served = []
    for _ in eligible:
        chosen = choose(candidates=eligible, rules=rules, cursor=cursor).agent
        served.append(chosen)
        cursor = next(one.place for one in eligible if one.agent == chosen)
    assert served == after + up_to


@untimed
@given(
    st.integers(1, 4),
    st.lists(st.frozensets(st.integers(11, 16)), min_size=1, max_size=60),
    st.randoms(use_true_random=False),
)
def test_those_who_can_always_receive_differ_by_one_at_most(steady, crowd, rng):
    """Whoever else comes and goes among them, anywhere in the list."""
    keys = list(range(1, steady + 1)) + list(range(11, 17))
    rng.shuffle(keys)
    team = {key: Candidate(agent=key, place=(place, key)) for place, key in enumerate(keys)}
    counts: Counter[int] = Counter()
    cursor = BEFORE_ALL
    for present in crowd:
        now = [
            replace(one, is_connected=key <= steady or key in present) for key, one in team.items()
        ]
        agent = choose(candidates=now, rules=Rules(), cursor=cursor).agent
        assert agent is not None
        cursor = team[agent].place
        counts[agent] += 1
    shares = [counts[key] for key in range(1, steady + 1)]
    assert max(shares) - min(shares) <= 1


@untimed
@given(candidates(), st.integers(0, 60), st.sampled_from([ROUND_ROBIN, ONLINE_FIRST]))
def test_no_limit_is_ever_passed(team, sessions, mode):
    rules = Rules(mode=mode)
    table = {one.agent: one for one in team}
    cursor = BEFORE_ALL
    for turn in range(1, sessions + 1):
        agent = choose(candidates=list(table.values()), rules=rules, cursor=cursor).agent
        if agent is None:
            break
        table[agent] = table[agent].served(turn)
        cursor = table[agent].place
    for before in team:
        after = table[before.agent]
        assert after.open == before.open or after.limit is None or after.open <= after.limit


@untimed
@given(candidates())
def test_online_first_takes_one_with_the_fewest_open(team):
    rules = Rules(mode=ONLINE_FIRST)
    choice = choose(candidates=team, rules=rules)
    eligible = [one for one in team if judge(one, rules).is_eligible]
    if eligible:
        chosen = next(one for one in eligible if one.agent == choice.agent)
        assert chosen.open == min(one.open for one in eligible)
