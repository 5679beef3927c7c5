"""`./test --campaign`: the large size by hand, at most an hour; its report is kept as JSON."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.campaign.run import Size, run
from tests.campaign.stage import ONE_PROCESS, PRODUCTION

REPORTS = Path("docs/reports")


def main() -> int:
    options = _parse()
    size = Size(options.faults, options.messages, options.seed, options.customers, options.only)
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        report = run(Path(folder), options.shape, size, _say)
    _say(f"report: {report.write(options.reports)}")
    for name, count in (report.verdict | {"in_flight_at_faults": report.in_flight}).items():
        _say(f"{name}: {count}")
    _say(f"BROKEN: {report.broken}" if report.broken else "every promise was kept")
    return 1 if report.broken else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--shape", choices=[ONE_PROCESS, PRODUCTION], default=PRODUCTION)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--customers", type=int, default=40)
    parser.add_argument("--only", nargs="+", metavar="FAULT", default=(), help="by name, in order")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reports", type=Path, default=REPORTS)
    return parser.parse_args()


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
