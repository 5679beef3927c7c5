"""`python -m simulator`: reads the command line and serves until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from simulator.methods.webhooks import LOOPBACK
from simulator.server import serve


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A local Telegram Bot API server and phone page; loopback only.",
    )
    parser.add_argument("--host", default="127.0.0.1", choices=sorted(LOOPBACK))
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="where to write the port once it listens")
    parser.add_argument(
        "--state-file", type=Path, help="keeps bots, people and chats over a restart"
    )
    return parser.parse_args(arguments)


def main() -> int:
    options = parse_arguments()
    try:
        asyncio.run(serve(options.host, options.port, options.port_file, options.state_file))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
