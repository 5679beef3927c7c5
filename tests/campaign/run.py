"""One campaign: N faults during M messages, then the verdict."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.campaign import faults
from tests.campaign.faults import Fault
from tests.campaign.judge import empty_queues, judge, struck
from tests.campaign.stage import Stage, staged
from tests.campaign.traffic import Caller, Traffic
from tests.support.waiting import until

PER_S = 25.0  # each way
RECOVERY_S = 600  # no bar: only the end of our patience
QUIET_S = 600
ARRIVED = """
    SELECT count(*) FROM sessions_app_message
    WHERE chat_id = %s AND direction = 'in' AND text = %s
"""
DELIVERY = "SELECT delivery FROM sessions_app_message WHERE chat_id = %s AND text = %s"
OPEN = {"queued", "sending"}

Say = Callable[[str], None]


@dataclass
class Size:
    faults: int
    messages: int
    seed: int = 1
    customers: int = 12
    only: Sequence[str] = ()  # faults by name instead of by seed


@dataclass
class Report:
    shape: str
    size: Size
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    verdict: dict[str, int] = field(default_factory=dict)
    in_flight: int = 0
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def broken(self) -> dict[str, int]:
        """The promises that were not kept."""
        counts = {"given_in", "given_out", "uncertain", "failed"}
        wrong = {name: n for name, n in self.verdict.items() if n and name not in counts}
        if self.verdict["uncertain"] > self.in_flight:
            wrong["uncertain"] = self.verdict["uncertain"]
        return wrong

    def as_json(self) -> dict[str, Any]:
        recovery = {
            name: {"times": len(all_), "median_s": round(median(all_), 1), "max_s": max(all_)}
            for name, all_ in sorted(self.recoveries.items())
        }
        return {
            "shape": self.shape,
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "seconds": round(self.seconds),
            "faults": sum(map(len, self.recoveries.values())),
            "seed": self.size.seed,
            **self.verdict,
            "in_flight_at_faults": self.in_flight,
            "broken": self.broken,
            "recovery": recovery,
        }

    def in_brief(self) -> str:
        given = f"{self.verdict['given_in']} in, {self.verdict['given_out']} out"
        wrong = ", ".join(f"{name} {n}" for name, n in self.broken.items()) or "nothing broken"
        return (
            f"{sum(map(len, self.recoveries.values()))} faults, {given}: {wrong}; uncertain "
            f"{self.verdict['uncertain']} of {self.in_flight} in flight"
        )

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        day = self.started_at.strftime("%Y-%m-%d")
        count = sum(map(len, self.recoveries.values()))
        file = folder / f"{day}-campaign-{self.shape}-{count}x{self.size.messages}.json"
        file.write_text(json.dumps(self.as_json(), indent=1) + "\n")
        return file


def run(folder: Path, shape: str, size: Size, say: Say = lambda line: None) -> Report:
    report, begun = Report(shape, size), time.monotonic()
    with staged(folder, shape) as stage:
        traffic = Traffic(stage, customers=size.customers, per_s=PER_S, seed=size.seed)
        try:
            _warm_up(stage, traffic)
            _strike_all(report, stage, traffic, say)
            empty_queues(stage, QUIET_S)
            report.verdict = judge(stage, traffic)
            report.in_flight += struck(stage)
        finally:
            traffic.end()
    report.seconds = time.monotonic() - begun
    return report


def _strike_all(report: Report, stage: Stage, traffic: Traffic, say: Say) -> None:
    begun = time.monotonic()
    chosen = _chosen(stage.shape, report.size)
    share = report.size.messages // (2 * len(chosen))
    for number, (name, fault) in enumerate(chosen, start=1):
        seconds = _strike(report, stage, traffic, fault, name, share)
        done, at = traffic.writers.done + traffic.answerers.done, time.monotonic() - begun
        say(f"{at:5.0f} s  {number}/{len(chosen)}  {name}: {seconds} s; {done} messages")


def _chosen(shape: str, size: Size) -> list[tuple[str, Fault]]:
    if size.only:
        known = faults.known(shape)
        return [(name, known[name]) for name in size.only]
    return faults.plan(shape, size.faults, size.seed)


def _warm_up(stage: Stage, traffic: Traffic) -> None:
    """Every customer has an owner, and one answer has arrived."""
    for caller in traffic.callers:
        traffic.write(caller)
    _until_well(stage, traffic)


def _strike(
    report: Report, stage: Stage, traffic: Traffic, fault: Fault, name: str, share: int
) -> float:
    """One fault among its share of the messages; how long until all was well again."""
    traffic.writers.more(share)
    traffic.answerers.more(share)
    report.in_flight += fault(stage)
    begun = time.monotonic()
    _until_well(stage, traffic)
    seconds = round(time.monotonic() - begun, 1)
    report.recoveries.setdefault(name, []).append(seconds)
    traffic.writers.finish(RECOVERY_S)
    traffic.answerers.finish(RECOVERY_S)
    return seconds


def _until_well(stage: Stage, traffic: Traffic) -> None:
    """A new message comes in and an answer to it goes out."""
    caller = traffic.probe
    traffic.write(caller)
    count = (ARRIVED, caller.id, caller.said[-1])
    until(lambda: stage.rows.count(*count), RECOVERY_S)
    until(lambda: _gets_through(stage, traffic, caller), RECOVERY_S)


def _gets_through(stage: Stage, traffic: Traffic, caller: Caller) -> bool:
    """Whether a new answer is sent; one that a fault has struck is followed by another."""
    traffic.answer(caller)

    def delivery() -> str:
        return str(stage.rows(DELIVERY, caller.id, caller.answers[-1])[0][0])

    return until(lambda: (state := delivery()) not in OPEN and state, RECOVERY_S) == "sent"
