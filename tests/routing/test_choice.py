"""routing.choice: who gets a session."""

import random
from dataclasses import replace

import pytest

from routing.choice import BEFORE_ALL, ONLINE_FIRST, ROUND_ROBIN, Candidate, Rules, choose, judge

RULES = Rules()
ONLINE = Rules(mode=ONLINE_FIRST)


def team(*names_open: int) -> list[Candidate]:
    """Agents 1, 2, 3, ... with so many open sessions each."""
    return [
        Candidate(agent=key, place=(key - 1, key), open=count)
        for key, count in enumerate(names_open, start=1)
    ]


def codes(candidate: Candidate, rules: Rules = RULES, had_it: tuple[int, ...] = ()) -> list[str]:
    return [failure.code for failure in judge(candidate, rules, had_it).failures]


def test_it_goes_round_the_list():
    candidates = team(0, 0, 0)
    cursor, served = BEFORE_ALL, []
    for _ in range(7):
        agent = choose(candidates=candidates, rules=RULES, cursor=cursor).agent
        assert agent is not None
        served.append(agent)
        cursor = candidates[agent - 1].place
    assert served == [1, 2, 3, 1, 2, 3, 1]


def test_it_skips_who_cannot_receive():
    candidates = team(0, 0, 0)
    candidates[1] = replace(candidates[1], is_connected=False)
    assert choose(candidates=candidates, rules=RULES, cursor=(0, 1)).agent == 3


def test_it_goes_on_after_the_gap_of_one_who_left():
    a, _, c = team(0, 0, 0)
    assert choose(candidates=[a, c], rules=RULES, cursor=(1, 2)).agent == 3


def test_a_newcomer_gets_one_when_the_circle_reaches_him():
    a, b = team(0, 0)
    newcomer = Candidate(agent=9, place=(2, 9))
    assert choose(candidates=[a, b, newcomer], rules=RULES, cursor=(0, 1)).agent == 2
    assert choose(candidates=[a, b, newcomer], rules=RULES, cursor=(1, 2)).agent == 9
    assert choose(candidates=[a, b, newcomer], rules=RULES, cursor=(2, 9)).agent == 1


def test_those_at_one_position_are_told_apart_by_their_keys():
    candidates = [Candidate(agent=key, place=(0, key)) for key in (4, 5)]
    assert choose(candidates=candidates, rules=RULES, cursor=(0, 4)).agent == 5


def test_online_first_takes_the_fewest_open():
    assert choose(candidates=team(2, 1, 3), rules=ONLINE).agent == 2


def test_online_first_breaks_ties_by_the_least_recent_turn():
    a, b, c = team(1, 1, 0)
    candidates = [replace(a, last_turn=8), replace(b, last_turn=5), replace(c, is_away=True)]
    assert choose(candidates=candidates, rules=ONLINE).agent == 2


def test_online_first_breaks_ties_of_the_never_served_by_the_list():
    assert choose(candidates=team(0, 0), rules=ONLINE).agent == 1


def test_online_first_breaks_ties_by_chance_if_told_to():
    rules = replace(ONLINE, random_ties=True)
    rng = random.Random(7)
    chosen = {choose(candidates=team(1, 0, 0), rules=rules, rng=rng).agent for _ in range(40)}
    assert chosen == {2, 3}


def test_what_has_waited_is_served_by_turn_in_any_mode():
    choice = choose(candidates=team(5, 0), rules=ONLINE, has_waited=True)
    assert (choice.agent, choice.mode) == (1, ROUND_ROBIN)


def test_the_former_agent_is_asked_first():
    choice = choose(candidates=team(0, 0, 0), rules=RULES, former=3)
    assert (choice.agent, choice.is_former) == (3, True)


def test_a_former_agent_who_cannot_receive_is_passed_over():
    candidates = team(0, 0)
    candidates[1] = replace(candidates[1], is_away=True)
    choice = choose(candidates=candidates, rules=RULES, former=2)
    assert (choice.agent, choice.is_former) == (1, False)


def test_it_never_gives_it_back_to_who_had_it():
    choice = choose(candidates=team(0, 0), rules=RULES, had_it={1})
    assert choice.agent == 2
    assert choice.verdicts[0].codes == {"already_had_it"}


@pytest.mark.parametrize(
    ("facts", "code", "evidence"),
    [
        ({"disabled_in": "account"}, "disabled", {"in": "account"}),
        ({"is_member": False}, "not_member", {}),
        ({"may_reply": False}, "no_reply_right", {}),
        ({"in_scope": False}, "not_in_scope", {"list": 2}),
        ({"is_away": True, "away_since": "T"}, "away", {"since": "T"}),
        ({"is_connected": False, "last_seen_at": "T"}, "offline", {"last_seen_at": "T"}),
        (
            {"is_off_hours": True, "hours_today": ("09:00–17:00",), "hours_begin_at": "T"},
            "off_hours",
            {"today": ["09:00–17:00"], "next": "T"},
        ),
        ({"limit": 0, "open": 0}, "at_limit", {"limit": 0, "open": 0}),
        ({"limit": -1, "open": 0}, "at_limit", {"limit": -1, "open": 0}),
        ({"limit": 2, "open": 3}, "at_limit", {"limit": 2, "open": 3}),
        ({"is_hidden": True, "hidden_since": "T"}, "page_hidden", {"since": "T"}),
    ],
)
def test_each_rule_has_a_code_and_evidence(facts, code, evidence):
    rules = Rules(list_size=2, hidden_pages_receive=False)
    verdict = judge(Candidate(agent=1, place=(0, 1), **facts), rules)
    assert [failure.as_json() for failure in verdict.failures] == [
        {"code": code, "evidence": evidence}
    ]
    assert not verdict.is_eligible


def test_all_rules_that_fail_are_named():
    candidate = Candidate(agent=1, place=(0, 1), is_away=True, is_connected=False, limit=0)
    assert codes(candidate, had_it=(1,)) == ["away", "offline", "at_limit", "already_had_it"]


def test_a_hidden_page_receives_unless_the_project_says_no():
    hidden = Candidate(agent=1, place=(0, 1), is_hidden=True)
    assert codes(hidden) == []
    assert codes(hidden, Rules(hidden_pages_receive=False)) == ["page_hidden"]


def test_one_below_the_limit_may_have_another():
    assert codes(Candidate(agent=1, place=(0, 1), open=1, limit=2)) == []


def test_nobody_is_asked_without_agents():
    choice = choose(candidates=[], rules=RULES)
    assert (choice.agent, choice.code) == (None, "no_agents")


def test_nobody_is_asked_when_the_list_is_empty():
    outside = [replace(one, in_scope=False) for one in team(0, 0)]
    choice = choose(candidates=outside, rules=Rules(list_size=0))
    assert (choice.agent, choice.code) == (None, "scope_empty")
    assert [verdict.codes for verdict in choice.verdicts] == [{"not_in_scope"}] * 2


def test_nobody_is_asked_while_the_project_does_not_route():
    choice = choose(candidates=team(0), rules=RULES, project_code="project_paused", former=1)
    assert (choice.agent, choice.code) == (None, "project_paused")
