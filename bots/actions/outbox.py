"""Calls to Telegram: queued, claimed before they are made, and what became of them.

At most once per decision. A claim is committed before the call is made; from then on only an
answer, or the certainty that nothing was sent, lets the call be made again.
"""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from bots import ports
from bots.errors import UNKNOWN
from bots.models import Bot, ChatPause, OutboundCall
from core import clock, kick, retention, tx
from core.text import storable
from projects.models import Project

HINTS = "bots.outbox"  # the group that gateways listen to
TOO_LATE = "too_late"
STOPPED = "stopped"
CONFIRMED = "confirmed"
WITHDRAWN = "withdrawn"
# Made twice they do what they do once: a lost answer is no reason to ask a person.
REPEATABLE = frozenset({"editMessageText", "deleteMessage"})
LONGEST_RETRY = 60.0
HEADS = 200
TEXT_LENGTH = OutboundCall._meta.get_field("error_text").max_length

State = OutboundCall.State


class Kind(Enum):
    SENT = auto()
    FAILED = auto()  # Telegram refused it, and would again
    DOUBT = auto()  # nobody knows whether it arrived
    RETRY = auto()  # it never left
    PAUSE = auto()  # 429: certainly not sent, and no attempt is spent
    STOP = auto()  # 401: as PAUSE; who records it stops the bot first


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt. `seconds`: how long Telegram wants to be left alone."""

    kind: Kind
    message_id: int | None = None
    code: str = ""
    text: str = ""
    seconds: float = 0.0


def queue(
    *,
    bot: Bot,
    chat_id: int,
    calls: Sequence[tuple[str, dict[str, Any]]],
    send_within_s: float,
) -> list[OutboundCall]:
    """Queue `(method, params)` pairs as one batch: they leave in this order, after what waits.

    The batch stops at the first that is not sent. None leaves later than `send_within_s` seconds.
    """
    batch, moment = uuid.uuid4(), clock.now()
    with tx.change():
        rows = OutboundCall.objects.bulk_create(
            OutboundCall(
                bot=bot,
                chat_id=chat_id,
                batch=batch,
                position=position,
                method=method,
                params=params,
                due_at=moment,
                created_at=moment,
                send_before=moment + timedelta(seconds=send_within_s),
            )
            for position, (method, params) in enumerate(calls)
        )
        kick.hint(HINTS, type="outbox.filled", bot_id=bot.pk)
    return rows


# ---------------------------------------------------------------- claims


def claim(
    *, epochs: Mapping[int, int], may_send: Callable[[OutboundCall], bool], limit: int
) -> list[OutboundCall]:
    """Commit the next calls as `sending`, at most one for each chat; they must be made now.

    `epochs`: the bots one serves and the epoch of each lease; a bot whose lease has another epoch
    by now gives nothing. `may_send` is asked once for each call that is due.
    """
    ready: dict[int, list[int]] = {}
    for call in _heads(list(epochs))[:HEADS]:
        if limit > 0 and may_send(call):
            ready.setdefault(call.bot_id, []).append(call.pk)
            limit -= 1
    if not ready:
        return []  # and no write lock was taken
    with tx.change("claim"):
        return [call for bot, ids in ready.items() for call in _take(ids, bot, epochs[bot])]


def _heads(bot_ids: list[int]) -> QuerySet[OutboundCall]:
    """The first open call of each chat, if it is due and nothing asks us to wait."""
    moment = clock.now()
    same_chat = Q(bot=OuterRef("bot"), chat_id=OuterRef("chat_id"))
    earlier = OutboundCall.objects.filter(
        same_chat, state__in=OutboundCall.OPEN, pk__lt=OuterRef("pk")
    )
    return (
        OutboundCall.objects.filter(state=State.QUEUED, bot__in=bot_ids, due_at__lte=moment)
        .exclude(bot__state=Bot.State.INVALID)
        .filter(Q(bot__paused_until=None) | Q(bot__paused_until__lte=moment))
        .filter(Q(send_before=None) | Q(send_before__gt=moment))
        .filter(~Exists(earlier), ~Exists(ChatPause.objects.filter(same_chat, until__gt=moment)))
        .order_by("pk")
    )


def _take(ids: list[int], bot_id: int, epoch: int) -> list[OutboundCall]:
    ours = Exists(Bot.objects.filter(pk=OuterRef("bot_id"), lease_epoch=epoch))
    queued = OutboundCall.objects.filter(ours, pk__in=ids, state=State.QUEUED)
    taken = [call.pk for call in tx.lock(queued, skip_locked=True)]
    calls = OutboundCall.objects.filter(pk__in=taken)
    calls.update(state=State.SENDING, epoch=epoch, attempt=F("attempt") + 1)
    return list(calls.order_by("pk"))


def give_back(*, epochs: Mapping[int, int], besides: Collection[int]) -> int:
    """Queue again what a claim has committed without its claimant hearing of it; how many.

    `epochs`: as for `claim`. `besides`: the keys of the calls that are being made.
    """
    count = 0
    with tx.change():
        for bot, epoch in epochs.items():
            unheard = OutboundCall.objects.filter(bot=bot, epoch=epoch, state=State.SENDING)
            count += unheard.exclude(pk__in=besides).update(
                state=State.QUEUED, epoch=None, attempt=F("attempt") - 1
            )
    return count


# ---------------------------------------------------------------- outcomes


def record(*, call: OutboundCall, outcome: Outcome) -> bool:
    """Write down what became of a claimed call and tell its sender, in one change.

    False, and nothing is written, if the claim is no longer ours.
    """
    with tx.change("outcome"):
        if outcome.kind is Kind.SENT:
            return _close(call, State.SENT, outcome)
        if outcome.kind is Kind.FAILED:
            return _close(call, State.FAILED, outcome)
        if outcome.kind is Kind.DOUBT and not _may_double(call):
            return _close(call, State.UNCERTAIN, outcome)
        if outcome.kind in {Kind.DOUBT, Kind.RETRY}:
            return _queue_again(call, outcome, in_s=min(2.0 ** (call.attempt - 1), LONGEST_RETRY))
        kept = _queue_again(call, outcome, attempt=call.attempt - 1)
        if kept and outcome.kind is Kind.PAUSE:
            _pause(call, outcome.seconds)
        return kept


def _may_double(call: OutboundCall) -> bool:
    if call.method in REPEATABLE:
        return True
    resend = Project.Uncertain.RESEND
    return Project.objects.filter(bot=call.bot_id, uncertain_policy=resend).exists()


def _close(call: OutboundCall, state: str, outcome: Outcome) -> bool:
    is_sent = state == State.SENT
    closed = _claimed(call).update(
        state=state,
        sent_at=clock.now() if is_sent else None,
        telegram_message_id=outcome.message_id,
        **_error(outcome),
    )
    if closed:
        stopped = [] if is_sent else _stop_rest(call, state)
        ports.outcomes(list(OutboundCall.objects.filter(pk__in=[call.pk, *stopped]).order_by("pk")))
    return bool(closed)


def _claimed(call: OutboundCall) -> QuerySet[OutboundCall]:
    return OutboundCall.objects.filter(pk=call.pk, state=State.SENDING, epoch=call.epoch)


def _error(outcome: Outcome) -> dict[str, str]:
    return {"error_code": outcome.code, "error_text": storable(outcome.text)[:TEXT_LENGTH]}


def _stop_rest(call: OutboundCall, state: str) -> list[int]:
    """The later parts of the batch share the fate of the one that was not sent; their keys.

    Their code `stopped` says that they themselves were certainly not sent.
    """
    rest = OutboundCall.objects.filter(
        bot=call.bot_id, chat_id=call.chat_id, batch=call.batch, state=State.QUEUED
    )
    ids = list(rest.values_list("pk", flat=True))
    rest.update(state=state, error_code=STOPPED)
    return ids


def _queue_again(
    call: OutboundCall, outcome: Outcome, *, attempt: int | None = None, in_s: float = 0.0
) -> bool:
    # a doubt stays: an earlier attempt may have arrived whatever became of this one
    error = {} if call.error_code == UNKNOWN else _error(outcome)
    changed = _claimed(call).update(
        state=State.QUEUED,
        epoch=None,
        attempt=call.attempt if attempt is None else attempt,
        due_at=clock.now() + timedelta(seconds=in_s),
        **error,
    )
    return bool(changed)


def _pause(call: OutboundCall, seconds: float) -> None:
    """Leave the chat alone; the whole bot when it is not the only chat: 429 does not say which."""
    moment = clock.now()
    until = moment + timedelta(seconds=seconds)
    ChatPause.objects.update_or_create(
        bot_id=call.bot_id, chat_id=call.chat_id, defaults={"until": until}
    )
    others = ChatPause.objects.filter(bot=call.bot_id, until__gt=moment)
    if others.exclude(chat_id=call.chat_id).exists():
        Bot.objects.filter(pk=call.bot_id).update(paused_until=until)


# ---------------------------------------------------------------- what people decide


def is_doubtful(call: OutboundCall) -> bool:
    """Whether it may have been sent. The rest of its batch shares its state, but never left."""
    return call.state == State.UNCERTAIN and call.error_code != STOPPED


def confirm(*, calls: Sequence[OutboundCall]) -> None:
    """Somebody knows that these doubtful calls arrived. Their message ids stay unknown."""
    with tx.change():
        OutboundCall.objects.filter(pk__in=_keys(calls), state=State.UNCERTAIN).update(
            state=State.SENT, sent_at=clock.now(), error_code=CONFIRMED, error_text=""
        )


def hold(*, calls: Sequence[OutboundCall]) -> bool:
    """Keep those that wait from being claimed before the change ends.

    False if one of the calls is being made at this moment.
    """
    rows = OutboundCall.objects.filter(pk__in=_keys(calls))
    held = [call.pk for call in tx.lock(rows.filter(state=State.QUEUED), skip_locked=True)]
    is_open = rows.filter(state__in=OutboundCall.OPEN)
    return not is_open.exclude(pk__in=held).exists()


def rewrite(*, call: OutboundCall, params: dict[str, Any]) -> None:
    """Let a call that waits and is held leave with other parameters."""
    OutboundCall.objects.filter(pk=call.pk, state=State.QUEUED).update(params=params)


def withdraw(*, calls: Sequence[OutboundCall]) -> None:
    """Never make these calls, which wait and are held."""
    OutboundCall.objects.filter(pk__in=_keys(calls), state=State.QUEUED).update(
        state=State.FAILED, error_code=WITHDRAWN
    )


def forget_chat(*, bots: Collection[int], chat_id: int) -> None:
    """All calls to this chat, whatever became of them: one that waits is never made, and the outcome
    of one that is being made finds nothing to be written to."""
    with tx.change():
        OutboundCall.objects.filter(bot__in=bots, chat_id=chat_id).delete()
        ChatPause.objects.filter(bot__in=bots, chat_id=chat_id).delete()


def _keys(calls: Sequence[OutboundCall]) -> list[int]:
    return [call.pk for call in calls]


# ---------------------------------------------------------------- what no gateway finished


def expire(limit: int = 500) -> int:
    """Give up what was not sent in time: nothing old leaves by itself. How many calls."""
    with tx.change():
        late = OutboundCall.objects.filter(state=State.QUEUED, send_before__lte=clock.now())
        calls = list(tx.lock(late, skip_locked=True)[:limit])
        for call in calls:
            # tried with an answer lost, and sent again by policy: that doubt stays
            call.state = State.UNCERTAIN if call.error_code == UNKNOWN else State.FAILED
            call.error_code = TOO_LATE
        OutboundCall.objects.bulk_update(calls, ["state", "error_code"])
        if calls:
            ports.outcomes(calls)
    return len(calls)


def recover(limit: int = 500) -> int:
    """Resolve claims whose gateway is gone: they were perhaps sent. How many."""
    silent_since = clock.now() - timedelta(seconds=3 * settings.BOT_LEASE_SECONDS)
    gone = ~Q(epoch=F("bot__lease_epoch")) | Q(bot__lease_expires_at__lte=silent_since)
    orphans = OutboundCall.objects.filter(gone, state=State.SENDING).order_by("pk")[:limit]
    outcome = Outcome(Kind.DOUBT, code=UNKNOWN, text="the gateway ended while it was sending")
    return sum(tx.run(record, call=call, outcome=outcome) for call in orphans)


def purge(limit: int) -> int:
    """Forget calls that ended long ago; how many. Their messages stay as they are."""
    ended = OutboundCall.objects.exclude(state__in=OutboundCall.OPEN)
    old = ended.filter(created_at__lt=retention.before(days=settings.CALL_DAYS))
    return retention.delete_some(old.order_by("created_at"), limit)
