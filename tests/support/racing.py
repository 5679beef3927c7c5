"""Deeds that begin at the same moment, each in a process of its own, round after round.

`race` starts one program, which forks before its first connection to the database: none is shared.
"""

import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.processes import python, started

PATIENCE_S = 1800
TOGETHER_S = 120

Deed = tuple[str, dict[str, Any]]


def race(database_url: str, folder: Path, rounds: list[list[Deed]]) -> list[list[Any]]:
    """What each deed of each round gave: plain data, or {"refused": code}."""
    plan, log = folder / "plan.json", folder / "log"
    plan.write_text(json.dumps(rounds))
    script = f"from tests.support import racing; racing.run({str(plan)!r})"
    given = {"DATABASE_URL": database_url, "DB_POOL_SIZE": "1", "PYTHONWARNINGS": "ignore"}
    with started(python(script), log, given) as process:
        assert process.wait(PATIENCE_S) == 0, log.read_text()[-3000:]
    return list(json.loads(log.read_text().splitlines()[-1]))


def run(plan: str) -> None:
    rounds: list[list[Deed]] = json.loads(Path(plan).read_text())
    fork = multiprocessing.get_context("fork")
    together = fork.Barrier(max(map(len, rounds)))
    results = fork.SimpleQueue()
    racers = [
        fork.Process(target=_race, args=(place, rounds, together, results))
        for place in range(together.parties)
    ]
    for racer in racers:
        racer.start()
    found = [results.get() for _ in range(sum(map(len, rounds)))]
    for racer in racers:
        racer.join()
    assert [racer.exitcode for racer in racers] == [0] * len(racers)
    given = {(turn, place): what for turn, place, what in found}
    order = [[given[turn, place] for place in range(len(one))] for turn, one in enumerate(rounds)]
    sys.stdout.write(json.dumps(order) + "\n")


def _race(place: int, rounds: list[list[Deed]], together: Any, results: Any) -> None:
    from core.errors import Refusal

    for turn, deeds in enumerate(rounds):
        together.wait(TOGETHER_S)
        if place >= len(deeds):
            continue
        name, words = deeds[place]
        try:
            what = DEEDS[name](**words)
        except Refusal as refusal:
            what = {"refused": refusal.code}
        results.put((turn, place, what))


# ---------------------------------------------------------------- what can be done


def _session(key: int) -> Any:
    from sessions_app.models import ChatSession

    return ChatSession.objects.get(pk=key)


def _user(key: int) -> Any:
    from accounts.models import User

    return User.objects.get(pk=key)


def claim(session: int, by: int) -> None:
    from core import tx
    from sessions_app.actions import ownership

    tx.run(ownership.claim, session=_session(session), actor=_user(by))


def complete(session: int, by: int) -> None:
    from core import tx
    from sessions_app.actions import ownership

    tx.run(ownership.complete, session=_session(session), actor=_user(by))


def complete_and_route(session: int, by: int) -> None:
    """As the worker does after the kick."""
    complete(session, by)
    route(_session(session).project_id)


def transfer(session: int, by: int, to: int) -> None:
    from core import tx
    from projects.models import Agent
    from sessions_app.actions import ownership

    target = Agent.objects.get(pk=to)
    tx.run(ownership.transfer, session=_session(session), actor=_user(by), to=target)


def route(project: int) -> None:
    from core import tx
    from sessions_app.actions import routing

    tx.run(routing.settle_project, project_id=project, trigger="sweep")


def open_page(user: int) -> None:
    import uuid

    from core import tx
    from routing.actions import open_lease

    tx.run(open_lease, user_id=user, connection_id=uuid.uuid4(), state={"visible": True})


def open_page_and_route(user: int, project: int) -> None:
    open_page(user)
    route(project)


def watch_owners() -> None:
    from sessions_app.actions import absence

    absence.watch_owners()


def arrive(bot: int, updates: list[dict[str, Any]]) -> None:
    """What the gateway does, and then the worker."""
    from bots.models import Bot
    from tests.support.updates import take_in

    take_in(Bot.objects.get(pk=bot), *updates)


def specify(project: int, agents: list[int]) -> str:
    """Nobody else receives; from when on, at the latest."""
    from core import clock, tx
    from projects.models import Agent, Project
    from routing.actions import change_rules, pool_of

    pool = pool_of(Project.objects.get(pk=project))
    chosen = list(Agent.objects.filter(pk__in=agents))
    tx.run(change_rules, pool=pool, actor=None, specified=chosen, scope="specified")
    return clock.now().isoformat()


def sample(project: int, seconds: float) -> int:
    """The most open sessions that any agent has been seen with."""
    from django.db.models import Count

    from sessions_app.models import ChatSession

    owned = ChatSession.objects.filter(project=project, state="assigned").values("owner")
    most, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        most = max([most, *owned.annotate(n=Count("pk")).values_list("n", flat=True)])
    return most


DEEDS: dict[str, Callable[..., Any]] = {
    deed.__name__: deed
    for deed in (
        *(arrive, claim, complete, complete_and_route, open_page, open_page_and_route),
        *(route, sample, specify, transfer, watch_owners),
    )
}
