"""The address that Telegram delivers to."""

import logging

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from bots.actions import inbox, webhooks
from bots.models import Webhook
from core import tx
from core.errors import Refusal

log = logging.getLogger(__name__)

SECRET = "X-Telegram-Bot-Api-Secret-Token"
# Without it Telegram waits twice as long after each failure, in the end two minutes, although we
# may be back in a second (tdlib/telegram-bot-api, WebhookActor::on_update_error).
AGAIN_IN = {"Retry-After": "2"}


@csrf_exempt
def webhook(request: HttpRequest, key: str) -> HttpResponse:
    """Telegram repeats whatever is not answered with 2xx, and holds that chat until then.

    To everybody else it is an address like any other that does not exist: nothing of what they
    send is read.
    """
    try:
        known = _admitted(request, key)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        body = request.read(inbox.LONGEST_BODY + 1)
        fault = tx.run(inbox.receive, bot=known.bot, body=body)
    except (DatabaseError, Refusal) as error:
        log.warning("a delivery was not stored: %s", type(error).__name__)
        return HttpResponse(status=503, headers=AGAIN_IN)
    if fault:
        log.warning("%s: a delivery was parked: %s", known.bot, fault)
    return HttpResponse()


def _admitted(request: HttpRequest, key: str) -> Webhook:
    known = webhooks.find(key)
    if known is None or not known.admits(request.headers.get(SECRET, "")):
        raise Http404
    return known
