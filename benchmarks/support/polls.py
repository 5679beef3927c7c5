"""The floor of a gateway: the bare loop that polls, stores what came, commits, polls on.

One session without a limit for all bots, one insert and one commit for each answer, no ORM, no
leases, no hints. Reads the bots' tokens as one line of JSON, and says when it polls.
"""

import asyncio
import json
import os
import sys
from typing import Any

import aiohttp
import psycopg

POLL_SECONDS = 30
CONNECTIONS = 8  # as many as the gateway has threads that touch rows
ALLOWED = json.dumps(["message", "edited_message", "callback_query", "my_chat_member"])
STORE = (
    "INSERT INTO bots_inboundupdate (bot_id, update_id, raw, state, received_at, attempts, due_at,"
    " error) VALUES (%s, %s, %s, 'pending', clock_timestamp(), 0, clock_timestamp(), '')"
    " ON CONFLICT DO NOTHING"
)
NOTE = (
    "UPDATE bots_bot SET next_offset = %s, last_read_at = clock_timestamp(),"
    " last_update_at = clock_timestamp() WHERE id = %s"
)

Connections = asyncio.Queue["psycopg.AsyncConnection[Any]"]


async def main(tokens: list[str]) -> None:
    connections: Connections = asyncio.Queue()
    for _ in range(CONNECTIONS):
        connections.put_nowait(await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"]))
    keys = await _keys(connections)
    async with aiohttp.ClientSession(
        os.environ["TELEGRAM_API_BASE"],
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=POLL_SECONDS + 10),
    ) as session:
        polls = [
            asyncio.create_task(_poll(session, connections, token, *keys[_id(token)]))
            for token in tokens
        ]
        print(json.dumps("polling"), flush=True)  # what its starter waits for
        ending = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
        await asyncio.wait([ending, *polls], return_when=asyncio.FIRST_COMPLETED)
        for poll in polls:
            poll.cancel()
        for result in await asyncio.gather(*polls, return_exceptions=True):
            if isinstance(result, Exception):
                raise result


def _id(token: str) -> int:
    return int(token.partition(":")[0])


async def _keys(connections: Connections) -> dict[int, tuple[int, int]]:
    """By Telegram's id of the bot: our key and the offset to go on from."""
    connection = await connections.get()
    cursor = await connection.execute("SELECT telegram_id, id, next_offset FROM bots_bot")
    keys = {row[0]: (row[1], row[2]) for row in await cursor.fetchall()}
    await connection.commit()
    connections.put_nowait(connection)
    return keys


async def _poll(
    session: aiohttp.ClientSession, connections: Connections, token: str, bot: int, offset: int
) -> None:
    while True:
        form = {"offset": offset, "limit": 100, "timeout": POLL_SECONDS, "allowed_updates": ALLOWED}
        async with session.post(f"/bot{token}/getUpdates", data=form) as answer:
            updates = (await answer.json())["result"]
        if updates:
            offset = updates[-1]["update_id"] + 1
            await _store(connections, bot, offset, updates)


async def _store(
    connections: Connections, bot: int, offset: int, updates: list[dict[str, Any]]
) -> None:
    connection = await connections.get()
    rows = [(bot, update["update_id"], json.dumps(update).encode()) for update in updates]
    async with connection.cursor() as cursor:
        await cursor.execute(NOTE, (offset, bot), prepare=True)
        await cursor.executemany(STORE, rows)
    await connection.commit()
    connections.put_nowait(connection)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
