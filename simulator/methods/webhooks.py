"""setWebhook and its kin; the delivery itself is `simulator.webhook`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from simulator.call import Call
from simulator.errors import bad_request
from simulator.jsons import Json, without_none
from simulator.methods.polling import remember_allowed_updates
from simulator.people import Webhook
from simulator.updates import TERMINATED_BY_WEBHOOK

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
PORTS = {443, 80, 88, 8443}


def set_webhook(call: Call) -> bool:
    """HTTPS on Telegram's four ports; loopback, which only this server can reach, on any port."""
    url = call.text("url")
    if not url:
        return delete_webhook(call)
    _refuse_bad_url(url)
    secret = call.text("secret_token")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise bad_request("secret token contains unallowed characters")
    remember_allowed_updates(call)
    if call.flag("drop_pending_updates"):
        call.bot.queue.drop_all()
    call.bot.webhook = Webhook(url, secret, call.integer("max_connections", 40, 1, 100))
    call.bot.queue.end_poller(TERMINATED_BY_WEBHOOK)
    call.bot.queue.changed.beat()
    call.world.webhook_set.beat()
    return True


def _refuse_bad_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise bad_request("bad webhook: invalid webhook URL specified") from None
    if not parts.hostname:
        raise bad_request("bad webhook: invalid webhook URL specified")
    if parts.hostname in LOOPBACK:
        return
    if parts.scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (port or 443) not in PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


def delete_webhook(call: Call) -> bool:
    if call.flag("drop_pending_updates"):
        call.bot.queue.drop_all()
    call.bot.webhook = None
    call.bot.queue.changed.beat()
    return True


def get_webhook_info(call: Call) -> Json:
    webhook, queue = call.bot.webhook, call.bot.queue
    info = without_none(
        url=webhook.url if webhook else "",
        has_custom_certificate=False,
        pending_update_count=len(queue.waiting) + len(queue.strays),
        allowed_updates=call.bot.allowed_updates or None,
    )
    if webhook is None:
        return info
    return info | without_none(
        max_connections=webhook.max_connections,
        ip_address="127.0.0.1",
        last_error_date=webhook.last_error_at,
        last_error_message=webhook.last_error,
    )
