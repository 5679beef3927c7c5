"""What ./test does once its tools are installed: phases, each with a line of its own.

A phase that fails fails the run, but the later ones still run. The last lines are the ten slowest
tests, what failed, and pytest's own summaries.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.environment import FIELD_KEY

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
CORES = 2
# twice the cores, since many tests wait for processes; stealing, since some tests are long
PARALLEL = ("-n", str(2 * CORES), "--dist", "worksteal")
# the tests of a file share a house
BROWSERS = ("-n", str(CORES), "--dist", "loadfile")
# and not the file with the most tests, as else
LONGEST_FIRST = ("--no-loadscope-reorder",)
DURATIONS = ("--durations=10", "--durations-min=0.1")
NO_CHROMIUM = (
    "no Chromium found. Install it (on Debian: apt install chromium), name it in CHROMIUM, "
    "or go without by --no-e2e."
)
NO_TESTS_RAN = 5  # pytest's exit code
SUMMARY = re.compile(r"^=+ .*\b(passed|failed|errors?|skipped|deselected|no tests ran)\b.* =+$")
FIGURE = "figure: "  # as tests/conftest.py writes them
DURATION = re.compile(r"^\s*(\d+\.\d+)s (?:call|setup|teardown)\s+(\S.*)$")


@dataclass
class Outcome:
    failed: list[str] = field(default_factory=list)
    durations: list[tuple[float, str]] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    summaries: list[tuple[str, str]] = field(default_factory=list)


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):  # a script's background job ignores SIGINT
        signal.signal(number, signal.default_int_handler)
    os.chdir(ROOT)
    options, pytest_arguments = _parse()
    if options.bench:
        return _bench(options.bench)
    if options.campaign:
        return subprocess.run(
            [sys.executable, "-m", "tests.campaign", *pytest_arguments]
        ).returncode
    outcome = Outcome()
    if pytest_arguments:
        print("Only the tests named, without the static phases.", flush=True)
    else:
        _static_phases(outcome)
    _pytest_passes(outcome, options, pytest_arguments)
    _close(outcome)
    return 1 if outcome.failed else 0


def _parse() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="./test", add_help=False, allow_abbrev=False)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--fast", action="store_true")
    size.add_argument("--long", action="store_true")
    parser.add_argument("--no-e2e", action="store_true")
    parser.add_argument("--bench", metavar="NAME")
    parser.add_argument("--campaign", action="store_true")
    return parser.parse_known_args()


# ---------------------------------------------------------------- static phases, side by side


def _static_phases(outcome: Outcome) -> None:
    with ThreadPoolExecutor(CORES) as pool:
        runs = [
            (name, pool.submit(_run_quietly, commands)) for name, commands in _static_commands()
        ]
        for name, run in runs:
            code, output, seconds = run.result()
            print(f"--- {name}: {'failed' if code else 'ok'} ({seconds:.1f} s)", flush=True)
            if code:
                print(output, flush=True)
                outcome.failed.append(name)


def _static_commands() -> Iterator[tuple[str, list[list[str]]]]:
    yield "mypy", [[_tool("mypy"), "."]]
    yield "ruff check", [[_tool("ruff"), "check", "."]]
    yield "ruff format --check", [[_tool("ruff"), "format", "--check", "."]]
    yield "lint-imports", [[_tool("lint-imports"), "--no-cache"]]
    yield "makemigrations --check", [_manage("makemigrations", "--check", "--dry-run")]
    yield "manage.py check", [_manage("check", "--fail-level", "WARNING")]
    templates = [str(path) for path in sorted(Path("templates").glob("**/*.html"))]
    yield "djade --check", [[_tool("djade"), "--check", "--target-version", "5.2", *templates]]
    scripts = [str(path) for path in sorted(Path("tests/js").glob("**/*.test.js"))]
    # named one by one: a pattern that finds nothing would pass
    yield "node --test", [[_tool("node"), "--test", *(scripts or ["tests/js"])]]
    tsc = [_tool("node"), "node_modules/typescript/bin/tsc", "-p"]
    yield "tsc --checkJs", [*_npm_ci(), [*tsc, "."], [*tsc, "simulator"]]


def _tool(name: str) -> str:
    return str(BIN / name)


def _manage(*words: str) -> list[str]:
    return [sys.executable, "-W", "error", "manage.py", *words]


def _npm_ci() -> list[list[str]]:
    installed = ROOT / "node_modules" / "lock-installed"
    lock = ROOT / "package-lock.json"
    if installed.exists() and installed.read_bytes() == lock.read_bytes():
        return []
    return [
        [_tool("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        ["cp", str(lock), str(installed)],
    ]


def _run_quietly(commands: Iterable[list[str]]) -> tuple[int, str, float]:
    """Run one after the other until one fails; exit code, all output, seconds."""
    started = time.monotonic()
    output, code = "", 0
    for command in commands:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_static_environment(),
        )
        output, code = output + done.stdout, done.returncode
        if code:
            break
    return code, output, time.monotonic() - started


def _static_environment() -> dict[str, str]:
    return os.environ | {
        "PATH": f"{BIN}:{os.environ['PATH']}",  # npm looks for node
        "DJANGO_SETTINGS_MODULE": "tgstaff.settings",
        "TESTING": "1",
        "SECRET_KEY": "x" * 50,
        "FIELD_KEYS": FIELD_KEY,
        "DATABASE_URL": "sqlite://:memory:",
        "REDIS_URL": "",
    }


# ---------------------------------------------------------------- pytest, pass after pass


def _pytest_passes(outcome: Outcome, options: argparse.Namespace, words: list[str]) -> None:
    small = "not long and not slow" if options.fast else "not long"
    marks = "not brief" if options.long else small
    inner = [*PARALLEL, "-m"]
    _pytest(outcome, "pytest on SQLite", "sqlite", [*inner, _all_of("not e2e", marks)], words)
    if options.fast:
        print("--- --fast: without the PostgreSQL and browser passes", flush=True)
        return
    there = "" if options.long else "not sweep"
    marked = _all_of("not e2e", marks, there)
    _pytest(outcome, "pytest on PostgreSQL", "postgres", [*inner, marked], words)
    if there:
        print("--- sweeps over every page: on PostgreSQL only in --long", flush=True)
    if options.no_e2e:
        print("--- --no-e2e: without the browser pass", flush=True)
    elif find_chromium():
        _pytest(
            outcome,
            "browser pass",
            "sqlite",
            [*BROWSERS, *(LONGEST_FIRST if options.long else ()), "-m", _all_of("e2e", marks)],
            words,
        )
    else:
        print(f"--- browser pass: {NO_CHROMIUM}", flush=True)
        outcome.failed.append("browser pass")


def _all_of(*marks: str) -> str:
    return " and ".join(filter(None, marks))


def find_chromium() -> str | None:
    """CHROMIUM, else the usual names on PATH."""
    wanted = os.environ.get("CHROMIUM")
    if wanted:
        return shutil.which(wanted)
    return shutil.which("chromium", path=f"/usr/bin:{os.environ['PATH']}") or shutil.which(
        "chromium-browser"
    )


def _pytest(
    outcome: Outcome, name: str, database: str, arguments: list[str], words: list[str]
) -> None:
    print(f"--- {name}", flush=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *DURATIONS, *arguments, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
        # named, since what we have imported of the product has put its own into our environment
        env=os.environ | {"TEST_DB": database, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        start_new_session=True,  # Ctrl-C reaches it through us, once
    )
    try:
        _read(process, outcome, name)
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C would; it stops its servers itself
        process.wait(60)
        raise SystemExit(130) from None
    # a pass may hold none of the tests that somebody named
    fine = {0, NO_TESTS_RAN} if words else {0}
    if process.returncode not in fine:
        outcome.failed.append(name)


def _read(process: "subprocess.Popen[str]", outcome: Outcome, name: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        if SUMMARY.match(line.rstrip()):
            outcome.summaries.append((name, line.rstrip()))
        elif line.startswith(FIGURE):
            outcome.figures.append(f"{line.rstrip().removeprefix(FIGURE)} ({name})")
        elif found := DURATION.match(line):
            outcome.durations.append((float(found[1]), f"{found[2]} ({name})"))
    process.wait()


def _bench(name: str) -> int:
    known = [path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py")]
    if name not in known:
        print(f"There is no benchmark {name!r}. There are: {', '.join(sorted(known)) or 'none'}.")
        return 1
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}"]).returncode


def _close(outcome: Outcome) -> None:
    print("\nThe ten slowest tests:")
    for seconds, test in sorted(outcome.durations, reverse=True)[:10]:
        print(f"{seconds:8.2f} s  {test}")
    if outcome.figures:
        print("Figures:")
    for figure in outcome.figures:
        print(f"  {figure}")
    for name in outcome.failed:
        print(f"FAILED: {name}")
    for name, summary in outcome.summaries:
        print(f"{name}:\n{summary}")


if __name__ == "__main__":
    sys.exit(main())
