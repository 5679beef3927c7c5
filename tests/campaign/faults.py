"""What is done to the product: each fault by name, and a seeded list of them.

A fault returns how many sends were in flight when it struck: so many may be uncertain afterwards.
It returns when its cause is over; whether all is well again is another's question.
"""

import random
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial

from core.crash import POINTS
from tests.campaign.stage import ONE_PROCESS, PRODUCTION, Stage
from tests.support.proxy import Proxy
from tests.support.servers import NoServer, Server
from tests.support.waiting import until

Fault = Callable[[Stage], int]

WEATHER_S = 4.0  # long enough for time-outs of 1 and 3 s to run out
FROZEN_S = 13.0  # past the lease of 10 s
PROCESSES = ("web", "gateway", "gateway_2", "worker", "beat")
GATEWAYS = ("gateway", "gateway_2")
# Which processes come to crash points; of two gateways the one that gets the bot.
CRASHES = {"reply": ("web",), "drain": ("worker",), "routing": ("worker",)}
ON_SENDS = (
    *("429", "500", "502html", "400", "empty", "cut_body"),
    *("cut_before", "cut_after", "hang", "slow"),
)
ON_READS = (
    *("429", "409", "500", "502html", "empty", "cut_body", "cut_before", "cut_after", "hang"),
    *("duplicate_updates", "reorder_updates"),
)
STRIKES = 3
PAUSES = "SELECT chat_id, until FROM bots_chatpause"
PAUSE_S = 8  # longer than a process takes to come back
UNKNOWN_UPDATES = (
    '{"message": {"message_id": "seven", "chat": {"id": 5, "type": "private"}}}',
    '{"something_new": {"from": {"id": 5}}}',
    '{"message": null}',
    '{"edited_message": 5}',
)


# ---------------------------------------------------------------- processes


def kill(name: str, stage: Stage) -> int:
    stage.keeper.kill(name)
    return len(stage.sending())


def kill_both_gateways(stage: Stage) -> int:
    stage.keeper.kill("gateway_2")
    return kill("gateway", stage)


def freeze(name: str, stage: Stage) -> int:
    """Past its lease; then it wakes up and knows nothing of it."""
    stage.keeper.signal(name, signal.SIGSTOP)
    asleep = len(stage.sending())
    time.sleep(FROZEN_S)
    stage.keeper.signal(name, signal.SIGCONT)
    return asleep


def crash(point: str, stage: Stage) -> int:
    names = CRASHES.get(point.split(".")[0], GATEWAYS)
    if stage.shape == ONE_PROCESS:
        names = ("serve",)
    stage.keeper.curse(names, point)
    orphans = stage.sending()
    stage.keeper.one_dies(names)
    return len(orphans | stage.sending())


# ---------------------------------------------------------------- servers


def restart(name: str, stage: Stage) -> int:
    """In good order; Valkey comes back empty."""
    asking = stage.sending()
    stage.servers[name].restart()
    return len(asking | stage.sending())


def power_cut(name: str, stage: Stage) -> int:
    asking = stage.sending()
    stage.servers[name].kill()
    until(partial(_starts, stage.servers[name]))
    return len(asking | stage.sending())


def _starts(server: Server) -> bool:
    """PostgreSQL does not start while a child of the one that was killed is still there."""
    try:
        server.start()
    except NoServer:
        return False
    return True


def flush(stage: Stage) -> int:
    stage.servers["valkey"].flush()
    return 0


# ---------------------------------------------------------------- wires


def cut(name: str, stage: Stage) -> int:
    return stage.proxies[name].cut()


def weather(name: str, begin: Callable[[Proxy], int | None], stage: Stage) -> int:
    between = stage.proxies[name]
    asking = begin(between) or 0
    time.sleep(WEATHER_S)
    return asking + between.clear()


# ---------------------------------------------------------------- Telegram


def strike(method: str, kind: str, stage: Stage) -> int:
    """Those that leave a doubt are counted from the journal in the end: see judge.struck."""
    fault = {"kind": kind, "method": method, "count": STRIKES, "for_seconds": WEATHER_S}
    stage.house.control("faults", {**fault, "seconds": 2, "retry_after": 2})
    time.sleep(WEATHER_S)
    return 0


def kill_while_paused(names: tuple[str, ...], stage: Stage) -> int:
    """Who comes after the one that got a 429 has to obey it, too; once it is noted, for nobody obeys
    what died with the one who heard it."""
    journal = "journal?method=sendMessage&fault=429"
    before, noted = len(stage.house.control(journal)["entries"]), dict(stage.rows(PAUSES))

    def struck() -> set[int]:
        calls = stage.house.control(journal)["entries"][before:]
        return (
            {int(call["params"]["chat_id"]) for call in calls} if len(calls) >= STRIKES else set()
        )

    def is_noted(chats: set[int]) -> bool:
        pauses = dict(stage.rows(PAUSES))
        return all(pauses.get(chat) not in {None, noted.get(chat)} for chat in chats)

    fault = {"kind": "429", "method": "sendMessage", "count": STRIKES, "retry_after": PAUSE_S}
    stage.house.control("faults", fault)
    chats = until(struck)
    until(lambda: is_noted(chats))
    return sum(kill(name, stage) for name in names)


def send_nonsense(stage: Stage) -> int:
    for raw in UNKNOWN_UPDATES:
        stage.house.control("updates/raw", {"bot": stage.house.bot, "raw": raw})
    return 0


def burst(stage: Stage) -> int:
    stage.house.control("updates/burst", {"bot": stage.house.bot, "people": 5, "messages": 60})
    return 0


# ---------------------------------------------------------------- the list


def _at_telegram() -> Iterator[tuple[str, Fault]]:
    for kind in ON_SENDS:
        yield f"telegram: send {kind}", partial(strike, "sendMessage", kind)
    for kind in ON_READS:
        yield f"telegram: read {kind}", partial(strike, "getUpdates", kind)
    yield "telegram: nonsense", send_nonsense
    yield "telegram: burst", burst


def _on_wire(name: str) -> Iterator[tuple[str, Fault]]:
    yield f"{name}: cut", partial(cut, name)
    for kind, begin in WEATHERS.items():
        yield f"{name}: {kind}", partial(weather, name, begin)


WEATHERS: dict[str, Callable[[Proxy], int | None]] = {
    "refuse": Proxy.refuse,
    "stall": Proxy.stall,
    "swallow": Proxy.swallow,
    "delay": lambda between: between.delay(0.2),
    "slow": lambda between: between.read_slowly(50_000),
}


def _with_processes(names: tuple[str, ...]) -> Iterator[tuple[str, Fault]]:
    for name in names:
        yield f"kill: {name}", partial(kill, name)
    for point in POINTS:
        yield f"crash: {point}", partial(crash, point)


def _in_production() -> Iterator[tuple[str, Fault]]:
    yield "kill: both gateways", kill_both_gateways
    yield "freeze: gateway", partial(freeze, "gateway")
    yield "freeze: gateway_2", partial(freeze, "gateway_2")
    for name in ("postgres", "valkey"):
        yield f"restart: {name}", partial(restart, name)
        yield f"power cut: {name}", partial(power_cut, name)
        yield from _on_wire(name)
    yield "flush: valkey", flush


def known(shape: str) -> dict[str, Fault]:
    """Every fault there is for this shape, by name."""
    names = ("serve",) if shape == ONE_PROCESS else PROCESSES
    senders = GATEWAYS if shape == PRODUCTION else names
    paused = ("kill: paused by a 429", partial(kill_while_paused, senders))
    wires = [*_on_wire("telegram"), *_on_wire("web")]
    found = [*_at_telegram(), *wires, *_with_processes(names), paused]
    return dict([*found, *(_in_production() if shape == PRODUCTION else ())])


def plan(shape: str, count: int, seed: int) -> list[tuple[str, Fault]]:
    """So many, in an order that the seed decides; each kind once before any comes again."""
    deck, chance = list(known(shape).items()), random.Random(seed)
    chosen: list[tuple[str, Fault]] = []
    while len(chosen) < count:
        chosen += chance.sample(deck, len(deck))
    return chosen[:count]
