"""Chromium by its raw DevTools protocol: tabs that are really hidden, and throttled as at home.

Playwright turns the throttling off and lets every page believe that it is looked at.
"""

import itertools
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.support.browser import ARGUMENTS
from tests.support.house import Agent
from tests.support.phases import find_chromium
from tests.support.waiting import until

# Background tabs are slowed down to one wake-up a minute after this many seconds, not after 300.
THROTTLING = "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/5"
PATIENCE_S = 30


class Chrome:
    """A browser window; what its tabs hold is one person's."""

    def __init__(self, wire: ClientConnection) -> None:
        self.wire = wire
        self.numbers = itertools.count(1)

    def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        number = next(self.numbers)
        to = {"sessionId": session} if session else {}
        self.wire.send(json.dumps({"id": number, "method": method, "params": params, **to}))
        while True:
            answer = json.loads(self.wire.recv(timeout=2 * PATIENCE_S))
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return dict(answer["result"])

    def signs_in(self, agent: Agent) -> None:
        """As whoever has signed in there."""
        cookies = [
            {"name": name, "value": value, "url": agent.web}
            for name, value in agent.http.cookies.items()
        ]
        self.call("Storage.setCookies", cookies=cookies)

    def lets_notify(self, origin: str) -> None:
        self.call("Browser.grantPermissions", origin=origin, permissions=["notifications"])

    def opens(self, address: str, *, before: str = "") -> "Tab":
        """A tab in front of the others; `before`: a script that runs before those of the page."""
        tab = self._tab(self.call("Target.createTarget", url="about:blank")["targetId"])
        tab.call("Page.enable")
        if before:
            tab.call("Page.addScriptToEvaluateOnNewDocument", source=before)
        tab.call("Page.navigate", url=address)
        return tab

    def worker(self, ending: str) -> "Tab":
        """The service worker whose address ends so."""
        targets = self.call("Target.getTargets")["targetInfos"]
        (found,) = [
            one["targetId"]
            for one in targets
            if one["type"] == "service_worker" and one["url"].endswith(ending)
        ]
        return self._tab(found)

    def _tab(self, target: str) -> "Tab":
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        return Tab(self, target, attached["sessionId"])


class Tab:
    def __init__(self, chrome: Chrome, target: str, session: str) -> None:
        self.chrome, self.target, self.session = chrome, target, session

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self.chrome.call(method, self.session, **params)

    def evaluate(self, script: str) -> Any:
        """What it gives, as plain data; a promise is waited for."""
        told = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def waits_for(self, script: str, seconds: float = PATIENCE_S) -> None:
        until(lambda: self.evaluate(script), seconds)

    def comes_to_the_front(self) -> None:
        self.chrome.call("Target.activateTarget", targetId=self.target)


@contextmanager
def chrome(folder: Path, *more: str) -> Iterator[Chrome]:
    """A Chromium of its own, with nothing of Playwright's; `more` are arguments."""
    program = find_chromium()
    assert program, "no Chromium: see ./test --help"
    command = [program, "--headless=new", *ARGUMENTS, THROTTLING, *more]
    own = [f"--user-data-dir={folder}", "--remote-debugging-port=0", "about:blank"]
    with subprocess.Popen([*command, *own], stderr=subprocess.DEVNULL) as process:
        try:
            with connect(until(lambda: _address(folder), PATIENCE_S), max_size=None) as wire:
                yield Chrome(wire)
        finally:
            process.terminate()


def _address(folder: Path) -> str:
    """Where it listens, once it has written that down."""
    written = folder / "DevToolsActivePort"
    lines = written.read_text().splitlines() if written.exists() else []
    return f"ws://127.0.0.1:{lines[0]}{lines[1]}" if len(lines) == 2 else ""
