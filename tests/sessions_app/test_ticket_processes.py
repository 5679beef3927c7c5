"""Two people with one ticket at the same moment, each taken in by a process of its own, and now and
then the click itself only then: one has the click, both talk, both carry the campaign."""

import json

import pytest

from core import clock
from redirects.actions import clicks
from redirects.capture import Visit
from redirects.models import Click, EarlyStart, Link
from sessions_app.models import ChatSession
from tests.factories import make_bot, make_link, make_project
from tests.support.processes import python, started
from tests.support.updates import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

PATIENCE_S = 600

# Forked before the first connection, which no two may share. Each of both has a list of updates, the
# third one of clicks; all go on round by round.
RACING = """
import json
import multiprocessing

from bots.actions import inbox
from core import tx
from redirects.actions.clicks import store_spooled
from sessions_app.actions.inbox import drain

bot, sides, late = %s
fork = multiprocessing.get_context("fork")
together = fork.Barrier(len(sides) + 1)

def talk(updates):
    for update in updates:
        raw = json.dumps(update).encode()
        together.wait(60)
        inbox.store(bot_id=bot, updates=[(update["update_id"], raw)], next_offset=None, epoch=None)
        drain(bot)

def click(rows):
    for row in rows:
        together.wait(60)
        if row:
            tx.run(store_spooled, [row])

people = [fork.Process(target=talk, args=(updates,)) for updates in sides]
people.append(fork.Process(target=click, args=(late,)))
for one in people:
    one.start()
for one in people:
    one.join()
assert [one.exitcode for one in people] == [0] * len(people)
drain(bot)
"""


@pytest.fixture
def race(database_url, tmp_path):
    def run(bot, sides, late):
        log = tmp_path / "log"
        given = {"DATABASE_URL": database_url, "DB_POOL_SIZE": "1", "PYTHONWARNINGS": "ignore"}
        plain = json.loads(json.dumps([bot.pk, sides, late]))
        script = RACING % repr(plain)  # as Python's text: JSON's null is no word there
        with started(python(script), log, given) as process:
            assert process.wait(PATIENCE_S) == 0, log.read_text()[-3000:]

    return run


@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(20, marks=[pytest.mark.slow, pytest.mark.brief]),
        pytest.param(200, marks=pytest.mark.long(seconds=60)),
    ],
)
def test_one_has_the_click_and_both_the_campaign(race, rounds, record_property):
    project = make_project()
    bot, link = make_bot(project), make_link(project, campaign="spring")
    made = [
        clicks.NewClick(link_id=link.pk, at=clock.now(), visit=Visit(), state=Link.State.ACTIVE)
        for _ in range(rounds)
    ]
    clicks.store(made[::2])  # every other one comes at the moment of its STARTs
    pairs = [(Person(bot, "Carol"), Person(bot, "Dave")) for _ in made]
    sides = [
        [pair[side].starts(click.ticket) for pair, click in zip(pairs, made, strict=True)]
        for side in (0, 1)
    ]
    late = [click.plain() if turn % 2 else None for turn, click in enumerate(made)]

    race(bot, sides, late)
    clicks.join_early()  # as the periodic job does for those that did not see each other

    first = 0
    for click, pair in zip(made, pairs, strict=True):
        ids = [person.id for person in pair]
        sessions = ChatSession.objects.filter(customer__telegram_id__in=ids)
        row = Click.objects.get(ticket=click.ticket)
        assert sessions.count() == 2
        assert [one.link for one in sessions] == [link] * 2
        assert [one.customer.telegram_id for one in sessions if one.click == row] == [row.person]
        assert row.person in ids
        first += row.person == ids[0]
    record_property("first", f"Carol in {first} of {rounds}")
    assert not EarlyStart.objects.exists()
    talk = ChatSession.objects.filter(messages__direction="in", state="unassigned")
    assert talk.distinct().count() == 2 * rounds
