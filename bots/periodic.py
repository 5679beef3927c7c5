"""The nets under the gateway: nothing waits for a process that is gone."""

from bots.actions import inbox, outbox, reading, watching, webhooks
from core import tx
from core.ticks import every


@every(15, "bots.poll_unread")
def poll_unread() -> None:
    reading.read_unread()


@every(watching.WATCH_SECONDS, "bots.watch")
def watch() -> None:
    watching.watch()


@every(15, "bots.find_deaf")
def find_deaf() -> None:
    watching.find_deaf()


@every(5, "bots.settle_calls")
def settle_calls() -> None:
    outbox.recover()
    tx.run(outbox.expire)


@every(60, "bots.purge")
def purge() -> None:
    tx.run(inbox.purge)
    outbox.forget_pauses()
    webhooks.purge()
