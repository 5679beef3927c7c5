"""People who go on whatever happens: customers who write, agents whose pages stay open and answer.

Every text is numbered once over all, `in 17` or `out 18`; within a chat the numbers grow.
"""

import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
from websockets.exceptions import WebSocketException

from tests.campaign.stage import Stage
from tests.support.house import Agent
from tests.support.waiting import until

AGENTS = ("Lena", "Tom", "Ivy")
MANAGER = "Marek"
BEAT_S = 20
SILENCE_S = 15  # three pulses
REST_S = 0.3
TWICE = 0.3
WRITERS, ANSWERERS = 2, 4
OWNER = """
    SELECT chat.public_id, person.email FROM sessions_app_chatsession chat
    JOIN sessions_app_customer customer ON customer.id = chat.customer_id
    JOIN projects_agent agent ON agent.id = chat.owner_id
    JOIN accounts_user person ON person.id = agent.user_id
    WHERE customer.telegram_id = %s AND chat.state = 'assigned'
"""


class Page(threading.Thread):
    """An agent's page: open, alive, and connected again whenever it was cut off."""

    def __init__(self, stage: Stage, name: str) -> None:
        super().__init__(name=f"page of {name}", daemon=True)
        self.agent = Agent(stage.house, stage.house.person(name), web=stage.web)
        self.ending = threading.Event()
        self.loaded = self.agent.opens_page()

    def run(self) -> None:
        while not self.ending.is_set():
            try:
                self._live()
            except (OSError, AssertionError, WebSocketException):
                self._let_go()
                self.ending.wait(REST_S)

    def _let_go(self) -> None:
        if self.agent.socket is not None:
            self.agent.loses_connection()

    def _live(self) -> None:
        if self.agent.socket is None:
            self.agent.connects()
        beaten_at, heard_at = 0.0, time.monotonic()
        while not self.ending.is_set():
            if time.monotonic() - beaten_at > BEAT_S:
                self.agent.beats()
                beaten_at = time.monotonic()
            if self._hears():
                heard_at = time.monotonic()
            assert time.monotonic() - heard_at < SILENCE_S, "no pulse: the connection is dead"

    def _hears(self) -> bool:
        try:
            self.agent.frames_until(lambda frame: True, 1)
        except TimeoutError:
            return False
        return True

    def end(self) -> None:
        self.ending.set()
        self.join()


@dataclass
class Caller:
    """A customer. One writer and one answerer at most are at work in this chat at a time."""

    id: int
    updates: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)


class Crew:
    """Threads that do one kind of work, each for its own callers in turn, as often as allowed."""

    def __init__(
        self, work: Callable[[Caller], None], callers: list[Caller], *, size: int, per_s: float
    ) -> None:
        self.work, self.pause = work, size / per_s
        self.allowed = threading.Semaphore(0)
        self.done = self.asked = 0
        self.lock = threading.Lock()
        self.failure: BaseException | None = None
        self.is_over = False
        self.threads = [
            threading.Thread(target=self._run, args=[callers[place::size]], daemon=True)
            for place in range(size)
        ]
        for thread in self.threads:
            thread.start()

    def _run(self, callers: list[Caller]) -> None:
        try:
            for turn in range(10**9):
                self.allowed.acquire()
                if self.is_over:
                    return
                self.work(callers[turn % len(callers)])
                with self.lock:
                    self.done += 1
                time.sleep(self.pause)
        except BaseException as error:
            self.failure = error

    def more(self, count: int) -> None:
        self.asked += count
        self.allowed.release(count)

    def finish(self, seconds: float) -> None:
        """Wait until all that was allowed is done. Raises what any of them raised."""
        until(lambda: self.failure or self.done == self.asked, seconds)
        if self.failure:
            raise self.failure

    def end(self) -> None:
        self.is_over = True
        self.allowed.release(len(self.threads))


class Traffic:
    """`accepted`: the texts of agents that the product has taken, by chat in their order."""

    def __init__(self, stage: Stage, *, customers: int, per_s: float, seed: int) -> None:
        self.stage = stage
        self.chance = random.Random(seed)
        self.numbers = iter(range(10**9))
        self.bot = stage.house.bot
        self.pages = {}
        for name in (*AGENTS, MANAGER):
            page = Page(stage, name)
            self.pages[page.agent.person.email] = page
            page.start()
        self.callers = [self._caller(number) for number in range(customers)]
        self.probe = self._caller(customers)
        crew = self.callers
        self.writers = Crew(self.write, crew, size=WRITERS, per_s=per_s)
        self.answerers = Crew(self.answer, crew, size=ANSWERERS, per_s=per_s)

    def _caller(self, number: int) -> Caller:
        customer = self.stage.house.customer(f"Customer {number}", starts=False)
        caller = Caller(customer.person)
        customer.start()
        return caller

    @property
    def manager(self) -> Page:
        return next(page for page in self.pages.values() if page.agent.person.role == "manager")

    def end(self) -> None:
        for crew in (self.writers, self.answerers):
            crew.end()
        for page in self.pages.values():
            page.end()

    # ---------------------------------------------------------------- customers

    def write(self, caller: Caller) -> None:
        """A new text; 30 of 100 updates are delivered twice, at once or much later."""
        text = f"in {next(self.numbers)}"
        sent = self._control(f"people/{caller.id}/send", bot=self.bot, text=text)
        caller.said.append(text)
        caller.updates.append(int(sent["update_id"]))
        if self.chance.random() < TWICE:
            again = self.chance.choice(caller.updates[-5:])
            self._control("updates/redeliver", bot=self.bot, update_id=again)

    def _control(self, path: str, **body: Any) -> dict[str, Any]:
        return self.stage.house.control(path, body)

    # ---------------------------------------------------------------- agents

    def answer(self, caller: Caller) -> None:
        """A new text from whoever owns the chat, pressed again until the product has taken it."""
        text = f"out {next(self.numbers)}"
        while not self._is_taken(caller, text):
            time.sleep(REST_S)
        caller.answers.append(text)

    def _is_taken(self, caller: Caller, text: str) -> bool:
        """False: certainly not, so that another key may be used."""
        owned = self.stage.rows(OWNER, caller.id)
        if not owned:
            return False
        session, email = owned[0]
        key = uuid.uuid4()
        address = f"sessions/{uuid.UUID(str(session))}/reply"
        while True:
            status = self._post(self.pages[email].agent, address, key=str(key), text=text)
            if status == 200:
                return True
            if status in {403, 404, 409}:
                return self._is_there(key)
            time.sleep(REST_S)

    def _post(self, agent: Agent, path: str, **body: Any) -> int:
        try:
            return agent.post(path, **body).status_code
        except requests.RequestException:
            return 0  # nobody knows

    def _is_there(self, key: uuid.UUID) -> bool:
        """An earlier press may have been taken, and the chat have changed hands since."""
        written = key.hex if self.stage.rows.address.startswith("sqlite") else str(key)
        count = "SELECT count(*) FROM sessions_app_message WHERE client_key = %s"
        return bool(self.stage.rows.count(count, written))
