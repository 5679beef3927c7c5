"""A project where everything happens: random sequences of real actions, the same for one seed."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from accounts.models import User
from bots.actions import outbox
from bots.actions.outbox import Kind, Outcome
from bots.models import Bot
from core.errors import Refusal
from projects import actions as projects
from projects.models import Agent
from routing.actions import change_rules, set_status
from routing.models import Pool
from sessions_app.actions import changes, messages, ownership
from sessions_app.models import ChatSession, Message
from tests.factories import make_agent, make_bot, make_member, make_project
from tests.support.team import come_online, route, vanish
from tests.support.updates import Person, again, take_in

Row = TypeVar("Row")

OUTCOMES = [
    Outcome(Kind.SENT, message_id=1),
    Outcome(Kind.FAILED, code="403", text="Forbidden: bot was blocked by the user"),
    Outcome(Kind.DOUBT, code="unknown", text="cut"),
]
CHANGES: list[tuple[Callable[..., object], dict[str, str]]] = [
    (changes.resend, {}),
    (changes.confirm, {}),
    (changes.edit, {"text": "better"}),
    (changes.recall, {}),
]


class Bustle:
    """Alice sees her own, Bob others' too, Cleo may be out of scope; a manager sees all."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.project = make_project()
        self.bot = make_bot(self.project, username="help_bot")
        self.agents = [make_agent(self.project, name) for name in ("Alice", "Bob", "Cleo")]
        Agent.objects.filter(pk=self.agents[1].pk).update(may_see_others=True)
        self.manager = make_member(self.project.company, role="manager").user
        self.people = [Person(self.bot, f"Person {number}") for number in range(8)]
        self.said: list[tuple[Person, dict[str, Any]]] = []
        self.words = count(1)
        come_online(*self.agents[:2])

    @property
    def viewers(self) -> list[User]:
        return [*(agent.user for agent in self.agents), self.manager]

    def act(self, times: int = 1) -> None:
        """Whatever comes; what is refused changes nothing."""
        for _ in range(times):
            with suppress(Refusal):
                self.random.choice(self.deeds)()

    def do_everything_once(self) -> None:
        for deed in dict.fromkeys(self.deeds):
            with suppress(Refusal):
                deed()

    @property
    def deeds(self) -> Sequence[Callable[[], object]]:
        often = [self.write, self.write, self.write, self.reply, self.reply, self.claim]
        sometimes = [self.edit, self.reply_again, self.complete, self.reopen, self.transfer]
        desk = [self.read, self.settle, self.change, self.route, self.come, self.go, self.put_back]
        seldom = [self.block, self.rename, self.limit, self.rename_project, self.change_status]
        return [*often, *sometimes, *desk, *seldom]

    # ---------------------------------------------------------------- customers

    def write(self) -> None:
        person = self.random.choice(self.people)
        updates = [
            person.says(f"word {next(self.words)}") for _ in range(self.random.randint(1, 3))
        ]
        self.said += [(person, update) for update in updates]
        take_in(self.bot, *updates)

    def edit(self) -> None:
        if self.said:
            person, update = self.random.choice(self.said)
            number = next(self.words)
            take_in(self.bot, person.edits(update, f"edited {number}", later=number), again(update))

    def block(self) -> None:
        person = self.random.choice(self.people)
        at = 1_795_100_000 + next(self.words)
        take_in(self.bot, person.blocks(at=at) if at % 2 else person.unblocks(at=at))

    def rename(self) -> None:
        person = self.random.choice(self.people)
        person.user["first_name"] = f"Name {next(self.words)}"
        self.said.append((person, person.says("I have a new name")))
        take_in(self.bot, self.said[-1][1])

    # ---------------------------------------------------------------- agents

    def reply(self) -> None:
        session, agent = self._session("assigned", "unassigned"), self._agent()
        if session.owner and self.random.random() < 0.8:
            agent = session.owner
        text = "answer " * self.random.choice([1, 1, 600])
        key = UUID(int=self.random.getrandbits(128))
        messages.reply(session=session, actor=agent.user, key=key, text=text)

    def reply_again(self) -> None:
        self.reply()
        self.reply()

    def change(self) -> None:
        """Whatever can be done now to a message that was sent."""
        self.settle()
        sent = Message.objects.filter(direction="out").order_by("session__number", "number")
        message = self._one(list(sent))
        actor = self._hand(message.session)
        for verb, how in self.random.sample(CHANGES, len(CHANGES)):
            key = UUID(int=self.random.getrandbits(128))
            with suppress(Refusal):
                verb(session=message.session, actor=actor, message=message, key=key, **how)
                return

    def claim(self) -> None:
        ownership.claim(session=self._session("unassigned"), actor=self._agent().user)

    def transfer(self) -> None:
        session, to = self._session("assigned", "unassigned"), self._agent()
        ownership.transfer(session=session, actor=self._hand(session), to=to, reason="please")

    def put_back(self) -> None:
        session = self._session("assigned")
        ownership.put_back(session=session, actor=self._hand(session))

    def complete(self) -> None:
        session = self._session("assigned", "unassigned")
        ownership.complete(session=session, actor=self._hand(session))

    def reopen(self) -> None:
        session = self._session("completed")
        actor = session.owner.user if session.owner else self._agent().user
        ownership.reopen(session=session, actor=actor)

    def read(self) -> None:
        self.write()
        session = (
            ChatSession.objects.open().filter(project=self.project).latest("last_message_at", "pk")
        )
        agent = session.owner or self._agent()
        messages.mark_read(session=session, agent=agent, seen=session.incoming_count)

    def come(self) -> None:
        come_online(self._agent())

    def go(self) -> None:
        vanish(self._agent())

    def change_status(self) -> None:
        status = self.random.choice(["online", "away"])
        set_status(user_id=self._agent().user_id, status=status)

    # ---------------------------------------------------------------- machines and managers

    def route(self) -> None:
        route(self.project)

    def settle(self) -> None:
        Bot.objects.filter(pk=self.bot.pk).update(lease_epoch=1)
        for call in outbox.claim(epochs={self.bot.pk: 1}, may_send=lambda call: True, limit=3):
            outbox.record(call=call, outcome=self.random.choice(OUTCOMES))

    def limit(self) -> None:
        limit = self.random.choice([None, 1, 3])
        projects.change_agent(agent=self._agent(), actor=self.manager, session_limit=limit)

    def rename_project(self) -> None:
        name = f"Help {next(self.words)}"
        projects.change_project(project=self.project, actor=self.manager, name=name)

    def change_scope(self) -> None:
        pool = Pool.objects.get(project=self.project)
        scope = self.random.choice(Pool.Scope.values)
        chosen = self.random.sample(self.agents, 2)
        change_rules(pool=pool, actor=self.manager, specified=chosen, scope=scope)

    def change_rights(self) -> None:
        agent = self._agent()
        projects.change_agent(
            agent=agent, actor=self.manager, may_see_others=not agent.may_see_others
        )

    # ---------------------------------------------------------------- choices

    def _agent(self) -> Agent:
        return Agent.objects.with_people().get(pk=self.random.choice(self.agents).pk)

    def _session(self, *states: str) -> ChatSession:
        rows = ChatSession.objects.filter(project=self.project, state__in=states)
        return self._one(list(rows.order_by("number").for_page()))

    def _one(self, rows: Sequence[Row]) -> Row:
        if not rows:
            raise Refusal("nothing", "")
        return self.random.choice(rows)

    def _hand(self, session: ChatSession) -> User:
        hands = [self.manager, session.owner.user if session.owner else self._agent().user]
        return self.random.choice(hands)
