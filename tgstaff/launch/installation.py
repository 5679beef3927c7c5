"""A data folder and what belongs to it: keys, database, ports, commands."""

import fcntl
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import environ
import requests
from cryptography.fernet import Fernet

if TYPE_CHECKING:
    from tgstaff.launch.processes import Supervisor
    from tgstaff.launch.servers import Server

BASE_DIR = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 60
ENDING_SECONDS = 15


class Trouble(Exception):
    """What a person can mend, said in one sentence."""


class Installation:
    """One data folder run on one machine, with or without the simulator."""

    servers: "tuple[Server, ...]" = ()
    ready_seconds = READY_SECONDS

    def __init__(self, data: Path, port: int, *, simulated: bool = True, simulator_port: int = 0):
        self.data = data
        self.port = port
        self.simulated = simulated
        self.simulator_port = simulator_port or port + 1
        self.web = f"http://127.0.0.1:{port}"
        self.simulator = f"http://127.0.0.1:{self.simulator_port}"

    @property
    def ports(self) -> list[int]:
        return [self.port, self.simulator_port] if self.simulated else [self.port]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock file: two instances on one SQLite would fight for the bots."""
        self._make_folder()
        with open(self.data / "lock", "r+") as file:
            self._wait_for_lock(file)
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            self.lock = file.fileno()
            yield

    def _wait_for_lock(self, file: TextIO) -> None:
        """The processes of a launcher that was killed hold it too, for as long as they end."""
        deadline = time.monotonic() + ENDING_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError:
                if _is_alive(file) or time.monotonic() > deadline:
                    raise Trouble(f"TG-Staff is running on {self.data} already.") from None
            time.sleep(0.1)

    def _make_folder(self) -> None:
        try:
            self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self.data / "lock").touch()
            (self.data / "static").mkdir(exist_ok=True)
        except OSError as error:
            raise Trouble(
                f"The data folder {self.data} cannot be written ({error.strerror}): "
                "choose another with --data DIR."
            ) from None

    @property
    def database(self) -> Path:
        """Exists once there are rows."""
        return self.data / "tgstaff.sqlite3"

    @property
    def other_shape(self) -> Path:
        """Exists in a folder that was started with --full."""
        return self.data / "postgresql"

    def prepare(self) -> None:
        """Keys, on first start; the environment of all processes."""
        if self.other_shape.exists():
            raise Trouble(
                f"{self.data} was made by the other shape of ./run (with or without --full), "
                "whose company and messages are not seen from this one: "
                "choose another folder with --data DIR."
            )
        self.environment = self._environment()

    def _environment(self) -> dict[str, str]:
        if (BASE_DIR / ".env").exists():
            environ.Env.read_env(BASE_DIR / ".env", overwrite=False)
        return {
            "LOG_FORMAT": "lines",
            **self._keys(),
            **os.environ,
            **self._simulated_telegram(),
            "DJANGO_SETTINGS_MODULE": "tgstaff.settings",
            "DATA_DIR": str(self.data),
            "DATABASE_URL": f"sqlite:///{self.database}",
            "REDIS_URL": "",
            "PYTHONUNBUFFERED": "1",
        }

    def _simulated_telegram(self) -> dict[str, str]:
        if not self.simulated:
            return {}
        return {
            "TELEGRAM_API_BASE": self.simulator,
            "TELEGRAM_LINK_BASE": self.simulator,
            "PUBLIC_URL": self.web,  # which the simulator reaches without TLS
        }

    def _keys(self) -> dict[str, str]:
        """SECRET_KEY and FIELD_KEYS, made on first start and readable by the owner alone."""
        file = self.data / "keys.env"
        if not file.exists():
            if self.database.exists():
                raise Trouble(
                    f"{file} is gone, and with it the key to the bot tokens in this folder's "
                    "database: put it back, or start anew with --data DIR."
                )
            write_private(
                file,
                f"SECRET_KEY={secrets.token_urlsafe(48)}\n"
                f"FIELD_KEYS={Fernet.generate_key().decode()}\n",
            )
        return read_env(file)

    def migrate(self) -> None:
        """The one process does it itself."""

    @property
    def commands(self) -> dict[str, list[str]]:
        """The product's processes by name."""
        return {"serve": self.serve_command}

    @property
    def serve_command(self) -> list[str]:
        return [sys.executable, "-m", "tgstaff.serve", "--port", str(self.port)]

    @property
    def simulator_command(self) -> list[str]:
        return [sys.executable, "-m", "simulator"] + [
            f"--port={self.simulator_port}",
            f"--state-file={self.data / 'simulator.json'}",
        ]

    def wait_until_ready(self, supervisor: "Supervisor") -> None:
        wait_for(f"{self.web}/sign-in/", supervisor, self.ready_seconds)


def wait_for(
    address: str, supervisor: "Supervisor | None" = None, seconds: float = READY_SECONDS
) -> None:
    """Until `address` answers 200. Raises Trouble after `seconds`, or when a process has died."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if supervisor is not None:
            supervisor.refuse_dead()
        try:
            if requests.get(address, timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise Trouble(f"{address} did not answer within {seconds:g} s: see the lines above.")


def _is_alive(lock: TextIO) -> bool:
    """Whether the launcher that wrote its process id into its lock file is there."""
    lock.seek(0)
    try:
        os.kill(int(lock.read()), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass  # somebody else's is one too
    return True


def read_env(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.rename(file)
