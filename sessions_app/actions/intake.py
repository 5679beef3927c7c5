"""A batch of a bot's updates becomes customers, sessions and messages.

All is decided in memory and written in bulk: the number of queries does not grow with the batch.
The caller holds the inbox's lock, so nobody else adds incoming messages of this bot.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Max, Q, QuerySet

from bots.models import Bot, InboundUpdate
from core import clock, tx
from core.prebuilt import Insert, Prebuilt, Slot
from projects.models import Agent, Project
from sessions_app.actions import customers, feed, messages, origins, timeline
from sessions_app.actions.origins import Came
from sessions_app.actions.revisions import REVISED, UNREADABLE, revise, write
from sessions_app.models import ChatSession, Customer, Message
from sessions_app.telegram import Blocked, Incoming, Sender, Unreadable

Key = tuple[int, int | None]

ENDED = ChatSession.ENDED


@dataclass(frozen=True)
class Item:
    """An update about a person, and what it says."""

    update: InboundUpdate
    sender: Sender
    news: Incoming | Blocked | Unreadable

    @property
    def key(self) -> Key:
        return self.sender.id, None if isinstance(self.news, Blocked) else self.news.message_id

    @property
    def is_edit(self) -> bool:
        return isinstance(self.news, Incoming) and self.news.edited_at is not None

    @property
    def is_quiet(self) -> bool:
        """Shown wherever the person's newest session is, and never a reason to open one."""
        return not self.is_edit and not isinstance(self.news, Blocked) and not self.news.opens

    def may_open(self, project: Project) -> bool:
        """By routing.md §0 and the project's "open with"."""
        if isinstance(self.news, Blocked) or not self.news.opens:
            return False
        is_start = isinstance(self.news, Incoming) and self.news.start is not None
        return not is_start or project.open_with == Project.OpenWith.START


class Intake:
    """One batch. After `run`: the sessions `opened`, and the edits that came too `early`.

    `hopeful`: messages are taken to be new, as they nearly always are, and only the originals of
    edits are looked up. `run` raises IntegrityError where one is known.
    """

    def __init__(self, bot: Bot, items: Sequence[Item], *, hopeful: bool = False) -> None:
        self.bot = bot
        self.items = items
        self.sought = {item.key for item in items if item.is_edit or not hopeful}
        self.moment = clock.now()
        self.opened: list[ChatSession] = []
        self.early: list[Item] = []
        self.new: list[Message] = []
        self.greetings: list[Message] = []
        self.revised: dict[UUID, Message] = {}
        self.touched: dict[UUID, ChatSession] = {}

    def run(self) -> None:
        news = [(item.sender, item.news) for item in self.items]
        self.people = people = customers.meet(project=self.bot.project, news=news)
        self._find(people)
        self._open_missing(people)
        for item in self.items:
            self._place(item)
        self._trace()
        self._write()
        self._record()

    # ---------------------------------------------------------------- what is there

    def _find(self, people: dict[int, Customer]) -> None:
        """Messages known already, and by person the open session, or the newest for the quiet."""
        known = list(_known_messages(self.bot, self.sought))
        newest = _newest_sessions(people[item.sender.id] for item in self.items if item.is_quiet)
        keys = {message.session_id for message in known} | newest
        rows = _lock_sessions(self.bot.pk, [person.pk for person in people.values()], keys)
        self._complete(rows, people)
        by_key = {row.pk: row for row in rows}
        self.open = {row.customer.telegram_id: row for row in rows if not row.is_completed}
        self.newest = {row.customer.telegram_id: row for row in rows if row.pk in newest}
        self.known: dict[Key, Message] = {}
        for message in known:
            message.session = by_key[message.session_id]
            self.known[message.session.customer.telegram_id, message.telegram_message_id] = message

    def _complete(self, rows: Sequence[ChatSession], people: dict[int, Customer]) -> None:
        """What pages show of a session beside its row."""
        customers_by_key = {customer.pk: customer for customer in people.values()}
        for row in rows:
            if row.owner is None and row.owner_id:  # a lock that had to wait brings the old owner
                row.owner = Agent.objects.select_related("user").get(pk=row.owner_id)
            if row.customer_id in customers_by_key:  # else it was another project's bot then
                row.customer = customers_by_key[row.customer_id]
                row.project = self.bot.project

    # ---------------------------------------------------------------- what it becomes

    def _open_missing(self, people: dict[int, Customer]) -> None:
        """One session for each person who has none and says what opens one."""
        openers: dict[int, Item] = {}
        for item in self.items:
            is_new = item.sender.id not in self.open and item.key not in self.known
            if is_new and item.may_open(self.bot.project):
                openers.setdefault(item.sender.id, item)
        numbers = _take_numbers(self.bot.project, len(openers))
        for number, (person, item) in zip(numbers, openers.items(), strict=True):
            self._open(people[person], number, item)

    def _open(self, customer: Customer, number: int, item: Item) -> None:
        session = ChatSession(
            project=self.bot.project,
            bot=self.bot,
            customer=customer,
            number=number,
            opened_at=self.moment,
            queued_at=self.moment,
            waiting_since=self.moment,
        )
        start = item.news.start if isinstance(item.news, Incoming) else None
        self.new.append(timeline.opened(session, {"start": start} if start else {}))
        self.opened.append(session)
        self.open[customer.telegram_id] = session

    def _place(self, item: Item) -> None:
        known = self.known.get(item.key)
        session = self.open.get(item.sender.id)
        if isinstance(item.news, Blocked):
            return
        if known:
            self._revise(known, item.news)
        elif session or item.is_quiet:
            self._append(session or self.newest.get(item.sender.id), item)
        elif item.is_edit:
            self.early.append(item)

    def _revise(self, message: Message, news: Incoming | Unreadable) -> None:
        if isinstance(news, Unreadable) or not revise(message, news):
            return
        self.revised[message.public_id] = message
        if message.number == message.session.last_message_number:
            message.session.last_message_text = timeline.preview(message)
            self.touched[message.session.public_id] = message.session

    def _append(self, session: ChatSession | None, item: Item) -> None:
        if session is None:
            return
        message = self._message(session, item)
        timeline.append(session, message)
        self.new.append(message)
        self.touched[session.public_id] = session
        if message.telegram_message_id:
            self.known[item.key] = message

    def _message(self, session: ChatSession, item: Item) -> Message:
        message = Message(
            session=session,
            direction=Message.Direction.IN,
            kind=UNREADABLE,
            at=item.update.received_at,
            received_at=item.update.received_at,
            bot=self.bot,
            chat_id=item.sender.id,
            telegram_message_id=item.key[1],
        )
        if isinstance(item.news, Incoming):
            write(message, item.news)
        return message

    def _trace(self) -> None:
        """Who pressed START with a ticket came by a redirect link, with or without a session."""
        starts = [
            Came(item.news.start, self.people[item.sender.id], self.open.get(item.sender.id))
            for item in self.items
            if isinstance(item.news, Incoming) and item.news.start
        ]
        origins.trace(self.bot.project, starts)
        origins.take_up(self.opened)
        came = [session for session in self.opened if session.link and session.link.greeting]
        self._name_links()
        self.greetings = [messages.greeting(session) for session in came]
        self.new.extend(self.greetings)

    def _name_links(self) -> None:
        """The first line of a session that a link brought names it in the place of the ticket."""
        for message in self.new:
            link = message.session.link if message.kind == "opened" else None
            if link:
                message.data = {"link": link.name}

    # ---------------------------------------------------------------- writing it down

    def _write(self) -> None:
        _SESSIONS.rows(self.opened)
        for message in self.new:
            message.session = message.session  # which has its key now
        timeline.save(self._continued())
        revised = [message for message in self.revised.values() if message.pk]
        timeline.store(self.new)
        for message in self.greetings:
            messages.queue(message.session, message)
        Message.objects.bulk_update(revised, REVISED)

    def _continued(self) -> list[ChatSession]:
        opened = {session.public_id for session in self.opened}
        return [session for key, session in self.touched.items() if key not in opened]

    def _record(self) -> None:
        for session in self.opened:
            feed.session_changed(session, was=None)
        for session in self._continued():
            feed.session_changed(session, was=session.state)
        new = {message.public_id: message for message in self.new}
        for message in (new | self.revised).values():
            feed.message_changed(message)


def _known_messages(bot: Bot, keys: set[Key]) -> Iterator[Message]:
    if not keys:
        return iter(())
    rows = Message.objects.filter(
        bot=bot,
        direction=Message.Direction.IN,
        chat_id__in={chat for chat, _ in keys},
        telegram_message_id__in={number for _, number in keys if number},
    )
    return (row for row in rows if (row.chat_id, row.telegram_message_id) in keys)


def _lock_sessions(bot: int, customers: list[int], keys: Collection[int]) -> list[ChatSession]:
    """The open sessions of these customers, and those with these keys."""
    if keys:
        return _OPEN_AND_KNOWN.rows(bot=bot, customers=customers, keys=sorted(keys))
    return _OPEN.rows(bot=bot, customers=customers)


def _sessions(bot: Slot, customers: Slot, keys: Slot | None = None) -> QuerySet[ChatSession]:
    sought = Q(bot__pk=bot, customer__pk__any_of=customers) & ~Q(state__in=ENDED)
    if keys:
        sought |= Q(pk__any_of=keys)
    return tx.lock(ChatSession.objects.select_related("owner__user", "link").filter(sought))


_ASKED_BY = {"bot": Bot._meta.pk, "customers": Customer._meta.pk}
_OPEN = Prebuilt(_sessions, **_ASKED_BY)
_OPEN_AND_KNOWN = Prebuilt(_sessions, **_ASKED_BY, keys=ChatSession._meta.pk)
_SESSIONS = Insert(ChatSession)


def _newest_sessions(people: Iterable[Customer]) -> set[int]:
    ids = {customer.pk for customer in people}
    if not ids:
        return set()
    sessions = ChatSession.objects.filter(customer__in=ids).values("customer")
    return set(sessions.annotate(newest=Max("pk")).values_list("newest", flat=True))


def _take_numbers(project: Project, count: int) -> range:
    """The next running numbers of the project's sessions."""
    if not count:
        return range(0)
    row = Project.objects.filter(pk=project.pk)
    row.update(last_session_number=F("last_session_number") + count)
    last = row.values_list("last_session_number", flat=True).get()
    return range(last - count + 1, last + 1)
