"""The nets under the gateway: nothing waits for a process that is gone."""

from bots.actions import inbox, outbox, reading, watching
from bots.models import ChatPause, Holder, InboundUpdate, OutboundCall, Webhook
from core import tx
from core.retention import forget, forget_old
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


forget(InboundUpdate, inbox.purge)
forget(OutboundCall, outbox.purge)
forget_old(ChatPause, "until", lambda: 0)
forget_old(Holder, "expires_at", lambda: 0)
forget_old(Webhook, "ends_at", lambda: 0)
