"""Many visitors at once, each on a connection of his own that stays open.

Run as a program: each line of input, `PORT PATHS_FILE SECONDS VISITORS`, is answered with
`{"statuses": {status: count}, "seconds": [of each request], "rate": requests a second}`.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from itertools import cycle
from pathlib import Path

REQUEST = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: de,en;q=0.8\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
    "Referer: https://example.org/news\r\n\r\n"
)
HEAD_END = b"\r\n\r\n"


class Visitors:
    def __init__(self, port: int, paths: list[str], until: float) -> None:
        self.port, self.until = port, until
        self.requests = cycle([REQUEST.format(path=path).encode() for path in paths])
        self.statuses: Counter[str] = Counter()
        self.seconds: list[float] = []

    async def visit(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while time.monotonic() < self.until:
            begun = time.monotonic()
            writer.write(next(self.requests))
            head = await reader.readuntil(HEAD_END)
            await _body(reader, head.lower())
            self.seconds.append(time.monotonic() - begun)
            self.statuses[head[9:12].decode()] += 1
        writer.close()


async def _body(reader: asyncio.StreamReader, head: bytes) -> None:
    if b"content-length:" in head:
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
    elif b"chunked" in head:
        while await reader.readuntil(b"\r\n") != b"0\r\n":
            pass
        await reader.readuntil(b"\r\n")


async def measure(port: int, paths: list[str], seconds: float, count: int) -> dict[str, object]:
    begun = time.monotonic()
    visitors = Visitors(port, paths, begun + seconds)
    await asyncio.gather(*(visitors.visit() for _ in range(count)))
    rate = len(visitors.seconds) / (time.monotonic() - begun)
    return {"statuses": visitors.statuses, "seconds": visitors.seconds, "rate": rate}


def main() -> None:
    for line in sys.stdin:
        port, paths, seconds, count = line.split()
        words = Path(paths).read_text().split()
        print(
            json.dumps(asyncio.run(measure(int(port), words, float(seconds), int(count)))),
            flush=True,
        )


if __name__ == "__main__":
    main()
