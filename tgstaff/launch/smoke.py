"""./run --smoke: one customer, one agent, there and back, on free ports and temporary data.

The last line of standard output is one JSON object; everything else goes to standard error.
"""

import asyncio
import json
import re
import socket
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import aiohttp

from tgstaff.launch import demo
from tgstaff.launch.installation import Installation, Trouble
from tgstaff.launch.processes import Supervisor
from tgstaff.launch.starting import start

GIVEN_UP_AFTER_S = 90
STEPS = ("ready", "sign_in", "customer_to_agent", "assigned", "reply_to_customer")


def run(kind: type[Installation]) -> int:
    steps: dict[str, float | None] = dict.fromkeys(STEPS)
    error = None
    try:
        _attempt(kind, steps)
    except TimeoutError:
        error = f"given up after {GIVEN_UP_AFTER_S} s at {_reached(steps)}"
    except (Trouble, aiohttp.ClientError, Unexpected) as trouble:
        error = f"{_reached(steps)}: {trouble}"
    print(json.dumps({"ok": error is None, "steps_ms": steps, "error": error}), flush=True)
    return 0 if error is None else 1


class Unexpected(Exception):
    """An answer that the smoke test cannot go on from."""


def _reached(steps: dict[str, float | None]) -> str:
    return next((name for name in STEPS if steps[name] is None), "the end")


def _attempt(kind: type[Installation], steps: dict[str, float | None]) -> None:
    with tempfile.TemporaryDirectory(prefix="tgstaff-smoke-") as folder:
        web, simulator = _free_ports()
        place = kind(Path(folder), web, simulator_port=simulator)
        started = time.monotonic()
        with place.locked():
            place.prepare()
            with Supervisor(place.environment, held=(place.lock,)) as supervisor:
                people = start(place, supervisor)
                steps["ready"] = _ms(time.monotonic() - started)
                agent = next(person for person in people if person.role == "agent")
                asyncio.run(asyncio.wait_for(_visit(place, agent, steps), GIVEN_UP_AFTER_S))


async def _visit(place: Installation, agent: demo.Person, steps: dict[str, float | None]) -> None:
    # CookieJar(unsafe): cookies of an address without a name
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        await _there_and_back(place, agent, browser, steps)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


async def _there_and_back(
    place: Installation,
    agent: demo.Person,
    browser: aiohttp.ClientSession,
    steps: dict[str, float | None],
) -> None:
    began = time.monotonic()
    await _sign_in(place, agent, browser)
    project = (await _get(browser, f"{place.web}/app/api/boot"))["projects"][0]["id"]
    snapshot = await _get(browser, f"{place.web}/app/api/projects/{project}/snapshot")
    async with browser.ws_connect(f"{place.web}/ws/app/", headers={"Origin": place.web}) as page:
        feed = Feed(page, project, snapshot["head"])
        await feed.hello()
        steps["sign_in"] = _ms(time.monotonic() - began)
        await _customer_writes(place, browser, feed, steps)
        await _agent_answers(place, browser, feed, steps)


async def _sign_in(place: Installation, agent: demo.Person, browser: aiohttp.ClientSession) -> None:
    address = f"{place.web}/sign-in/"
    async with browser.get(address) as answer:
        form = await answer.text()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    if token is None:
        raise Unexpected("the sign-in page has no form")
    fields = {
        "username": agent.email,
        "password": agent.password,
        "csrfmiddlewaretoken": token[1],
    }
    async with browser.post(address, data=fields, headers={"Referer": address}) as answer:
        if not answer.ok or answer.url.path == "/sign-in/":
            raise Unexpected(f"the sign-in form answered {answer.status}")


async def _get(browser: aiohttp.ClientSession, address: str) -> Any:
    async with browser.get(address) as answer:
        answer.raise_for_status()
        return await answer.json()


async def _post(
    browser: aiohttp.ClientSession, address: str, body: dict[str, Any], **headers: str
) -> dict[str, Any]:
    async with browser.post(address, json=body, headers=headers) as answer:
        if not answer.ok:
            raise Unexpected(f"{answer.url.path} answered {answer.status}: {await answer.text()}")
        return dict(await answer.json())


class Feed:
    """The page's socket, read frame by frame."""

    def __init__(self, page: aiohttp.ClientWebSocketResponse, stream: str, head: int) -> None:
        self.page = page
        self.stream = stream
        self.head = head
        self.seen: list[tuple[float, dict[str, Any]]] = []

    async def hello(self) -> None:
        await self.page.send_json(
            {"type": "hello", "build": "smoke", "resume": {self.stream: self.head}}
        )
        while (await self.page.receive_json())["type"] != "ready":
            pass

    async def until(self, kind: str, **wanted: Any) -> tuple[float, dict[str, Any]]:
        """The first event of `kind` whose data holds `wanted`, with the time of its frame."""
        while True:
            for at, event in self.seen:
                if event["kind"] == kind and wanted.items() <= event["data"].items():
                    return at, event["data"]
            frame = await self.page.receive_json()
            if frame["type"] == "events":
                self.seen += [(time.time(), item) for item in frame["items"]]


async def _customer_writes(
    place: Installation,
    browser: aiohttp.ClientSession,
    feed: Feed,
    steps: dict[str, float | None],
) -> None:
    control = f"{place.simulator}/control"
    bot = (await _get(browser, f"{control}/bots"))["bots"][0]["id"]
    person = (await _get(browser, f"{control}/people"))["people"][0]["id"]
    words = f"Hello, is anybody there? {uuid.uuid4()}"
    await _post(browser, f"{control}/people/{person}/start", {"bot": bot})
    sent = await _post(browser, f"{control}/people/{person}/send", {"bot": bot, "text": words})
    arrived_at, _ = await feed.until("message.changed", text=words, direction="in")
    assigned_at, _ = await feed.until("session.changed", state="assigned")
    updates = await _get(browser, f"{control}/updates?bot={bot}")
    update = next(row for row in updates if row["update_id"] == sent["update_id"])
    steps["customer_to_agent"] = _ms(arrived_at - update["handed_out_at"])
    steps["assigned"] = _ms(max(0.0, assigned_at - update["handed_out_at"]))


async def _agent_answers(
    place: Installation,
    browser: aiohttp.ClientSession,
    feed: Feed,
    steps: dict[str, float | None],
) -> None:
    _, session = await feed.until("session.changed", state="assigned")
    words = f"Yes: how can I help? {uuid.uuid4()}"
    token = next(cookie.value for cookie in browser.cookie_jar if cookie.key == "csrftoken")
    posted_at = time.time()
    await _post(
        browser,
        f"{place.web}/app/api/sessions/{session['id']}/reply",
        {"key": str(uuid.uuid4()), "text": words},
        **{"X-CSRFToken": token, "Referer": place.web},
    )
    journal = await _get(
        browser,
        f"{place.simulator}/control/wait-for?journal_method=sendMessage&text={words}&timeout=30",
    )
    steps["reply_to_customer"] = _ms(journal["entries"][0]["at"] - posted_at)
    print("there and back", file=sys.stderr)
