"""What a benchmark says at its end: one line of JSON, and whether every goal is met."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any


@dataclass
class Report:
    """Filled while a benchmark runs; `close` prints it as the last line."""

    name: str
    floors: dict[str, float] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, dict[str, Any]] = field(default_factory=dict)

    def at_least(self, key: str, value: float, goal: float) -> None:
        self._judge(key, value, goal, value >= goal)

    def at_most(self, key: str, value: float, goal: float) -> None:
        self._judge(key, value, goal, value <= goal)

    def _judge(self, key: str, value: float, goal: float, ok: bool) -> None:
        self.ratios[key] = {"value": short(value), "goal": goal, "ok": ok}

    def close(self) -> int:
        """Print the line; the exit code: 1 if a goal is missed."""
        line = {
            "name": self.name,
            "machine": machine(),
            "floors": {key: short(value) for key, value in self.floors.items()},
            "figures": {key: short(value) for key, value in self.figures.items()},
            "ratios": self.ratios,
        }
        print(json.dumps(line), flush=True)
        return 0 if all(ratio["ok"] for ratio in self.ratios.values()) else 1


def short(value: float) -> float:
    """Three digits say all that such a measurement knows."""
    return float(f"{value:.3g}") if abs(value) < 1000 else round(value)


def machine() -> dict[str, Any]:
    """`load`: how many processes wanted to run in the last minute; ours are among them."""
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
    }


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many per cent of all do not exceed (nearest rank)."""
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]
