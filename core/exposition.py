"""Figures in Prometheus's text format: this process's own counters, and those of the rows."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core import health


class Parts(Collector):
    """The figures of all parts. The same from every web process: take the greatest, not the sum."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        well = GaugeMetricFamily("tgstaff_part_ok", "1 if the part is well", labels=["part"])
        found = health.findings()
        for name, one in found.items():
            well.add_metric([name], float(one.state == "ok"))
        yield well
        for name, one in found.items():
            for figure, value in one.figures.items():
                known = float("inf") if value is None else value  # "never": longer than any limit
                yield GaugeMetricFamily(series(name, figure), _meaning(name), value=known)


def series(part: str, figure: str) -> str:
    """tgstaff_inbox_oldest_seconds for the inbox's oldest_s."""
    spelled = f"{figure.removesuffix('_s')}_seconds" if figure.endswith("_s") else figure
    return f"tgstaff_{part}_{spelled}"


def _meaning(part: str) -> str:
    return (health.parts[part].read.__doc__ or part).strip().partition("\n")[0]


_rows = CollectorRegistry()
_rows.register(Parts())


def text() -> bytes:
    return generate_latest() + generate_latest(_rows)
