"""The demo company, made once: an owner, a manager, three agents and support, with a bot.

The passwords and the simulated bot's token are kept in a file that only its owner can read.
"""

import json
import secrets
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import requests

from tgstaff.launch.installation import BASE_DIR, Installation, Trouble, wait_for, write_private

BOT = {"username": "acme_help_bot", "name": "Acme Help"}
CUSTOMERS = (
    {"first_name": "Mei", "last_name": "Lin", "username": "mei_lin", "language_code": "zh-hans"},
    {"first_name": "Дмитрий", "last_name": "Козлов", "language_code": "ru"},
)
TEAM = (
    ("owner", "Olivia Stone"),
    ("manager", "Marek Novak"),
    ("agent", "Lena Fischer"),
    ("agent", "Tom Okafor"),
    ("agent", "Ivy Chen"),
    ("support", "Sam Rivera"),
)


@dataclass(frozen=True)
class Person:
    role: str
    name: str
    email: str
    password: str


def passwords_file(place: Installation) -> Path:
    return place.data / "demo.json"


def prepare(place: Installation) -> list[Person]:
    """Make the company if this data folder has none; put its bot into the simulator."""
    wait_for(f"{place.simulator}/control/health")
    demo = _load(place) or _plan()
    _simulate(place, demo["bot"])
    if not demo["is_made"]:
        write_private(passwords_file(place), json.dumps(demo, indent=1))
        _make(place, demo)
        write_private(passwords_file(place), json.dumps({**demo, "is_made": True}, indent=1))
    return [Person(**person) for person in demo["people"]]


def _load(place: Installation) -> dict[str, Any] | None:
    try:
        return dict(json.loads(passwords_file(place).read_text()))
    except FileNotFoundError:
        return None
    except ValueError:
        raise Trouble(f"{passwords_file(place)} cannot be read: it holds no valid JSON.") from None


def _plan() -> dict[str, Any]:
    people = [
        Person(role, name, f"{name.split()[0].lower()}@acme.example", secrets.token_urlsafe(9))
        for role, name in TEAM
    ]
    token = f"{7_000_000_000 + secrets.randbelow(10**9)}:{secrets.token_hex(18)}"
    return {
        "is_made": False,
        "company": "Acme",
        "project": "Acme Support",
        "people": [asdict(person) for person in people],
        "bot": {**BOT, "token": token},
    }


def _simulate(place: Installation, bot: dict[str, str]) -> None:
    control = f"{place.simulator}/control"
    requests.post(f"{control}/bots", json=bot, timeout=5).raise_for_status()
    if not requests.get(f"{control}/people", timeout=5).json()["people"]:
        for customer in CUSTOMERS:
            requests.post(f"{control}/people", json=customer, timeout=5).raise_for_status()


def _make(place: Installation, demo: dict[str, Any]) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "tgstaff.launch.company"],
        cwd=BASE_DIR,
        env=place.environment,
        input=json.dumps(demo),
        text=True,
        stdout=sys.stderr,
        check=False,
    )
    if made.returncode:
        raise Trouble("The demo company could not be made: see above.")
