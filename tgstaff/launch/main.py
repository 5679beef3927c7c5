import argparse
import socket
import sys
from pathlib import Path

from tgstaff.launch import demo, installation, smoke
from tgstaff.launch.full import FullInstallation
from tgstaff.launch.installation import Installation, Trouble
from tgstaff.launch.processes import Supervisor, hear_interrupts
from tgstaff.launch.starting import start


def main(arguments: list[str]) -> int:
    """The exit code of `./run`. What a person can mend is one sentence, never a traceback."""
    options = _parse(arguments)
    hear_interrupts()
    try:
        return (
            smoke.run(FullInstallation if options.full else Installation)
            if options.smoke
            else _serve(options)
        )
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run", add_help=False)
    parser.add_argument("--port", type=_port, default=8000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--no-demo", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65534:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 1 to 65534")
    return int(text)


def _place(options: argparse.Namespace) -> Installation:
    kind = FullInstallation if options.full else Installation
    data = options.data or installation.BASE_DIR / (".data-full" if options.full else ".data")
    return kind(data.resolve(), options.port, simulated=not options.no_demo)


def _serve(options: argparse.Namespace) -> int:
    place = _place(options)
    with place.locked():
        for port in place.ports:
            _refuse_busy(port)
        place.prepare()
        with Supervisor(place.environment, held=(place.lock,)) as supervisor:
            people = start(place, supervisor)
            print(_welcome(place, people, supervisor), flush=True)
            supervisor.watch()
    return 0


def _refuse_busy(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Trouble(
                f"Port {port} cannot be used ({error.strerror}): choose others with --port N."
            ) from None


def _welcome(place: Installation, people: list[demo.Person], supervisor: Supervisor) -> str:
    lines = ["", "TG-Staff is ready.", ""]
    lines += [f"  Agents' page  {place.web}/app/", f"  Console       {place.web}/console/"]
    if place.simulated:
        lines += [f"  Phone         {place.simulator}/   (in Telegram's place)"]
    if people:
        lines += ["", "  Sign in, each in a private window of its own:"]
        lines += [f"    {who.role:<9}{who.email:<24}{who.password}" for who in people]
        lines += [f"  (kept in {demo.passwords_file(place)})"]
    elif not place.simulated:
        lines += ["", "  First company: .venv/bin/python manage.py create_company --help"]
    lines += ["", "  Processes, each started again when it dies:"]
    lines += [f"    {child.program.name:<12}{child.process.pid}" for child in supervisor.children]
    return "\n".join([*lines, "", "Ctrl-C ends all of it.", ""])
