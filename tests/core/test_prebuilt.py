"""Statements that are built once: the same rows as the queryset's, whoever asks and how often."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError

from core import clock, tx
from core.prebuilt import Blank, Insert, Prebuilt
from sessions_app.models import ChatSession, Customer, Message
from tests.factories import make_agent, make_customer, make_project, make_session
from tests.support.threads import together

pytestmark = pytest.mark.django_db(transaction=True)


PUBLIC_ID = UUID(int=7)


def build(people, moment):
    rows = Customer.objects.select_related("project__company")
    return rows.filter(telegram_id__any_of=people, first_seen_at__lte=moment).order_by("pk")


FIELDS: dict[str, Any] = {
    "people": Customer._meta.get_field("telegram_id"),
    "moment": Customer._meta.get_field("first_seen_at"),
}


@pytest.fixture
def builds():
    return []


@pytest.fixture
def customers(builds):
    def counted(**slots):
        builds.append(slots)
        return build(**slots)

    return Prebuilt(counted, **FIELDS)


@pytest.fixture
def project():
    project = make_project()
    for number in range(1, 41):
        make_customer(project, telegram_id=number)
    return project


def found(customers, *people, ago=0):
    rows = customers.rows(people=list(people), moment=clock.now() - timedelta(seconds=ago))
    return [row.telegram_id for row in rows]


def test_it_asks_for_the_values_of_each_run(customers, project, builds):
    assert found(customers, 1, 2) == [1, 2]
    assert found(customers, 7, 50) == [7]
    assert found(customers, 1, 2, ago=3600) == []
    assert len(builds) == 1


def test_its_rows_are_the_querysets(customers, project, django_assert_num_queries):
    moment = clock.now()
    with django_assert_num_queries(1):
        [row] = customers.rows(people=[3], moment=moment)
        assert row.project.company.name
    [same] = Customer.objects.filter(telegram_id=3)
    assert (row, row.public_id, row.first_seen_at) == (same, same.public_id, same.first_seen_at)
    assert row.project == project
    row.first_name = "Ada"
    row.save()
    assert Customer.objects.get(telegram_id=3).first_name == "Ada"


def test_lists_of_all_lengths_are_one_statement(customers, project, builds):
    for size in (0, 1, 2, 40):
        assert found(customers, *range(1, size + 1)) == list(range(1, size + 1))
    assert len(builds) == 1


def test_threads_ask_over_their_own_connections(customers, project):
    asks = [partial(found, customers, number, number + 1) for number in range(1, 9)]
    assert together(*asks) == [[number, number + 1] for number in range(1, 9)]


def test_it_locks_as_the_queryset_does(project):
    locked = Prebuilt(lambda pk: tx.lock(Customer.objects.filter(pk=pk)), pk=Customer._meta.pk)
    pk = Customer.objects.get(telegram_id=1).pk

    def rename():
        with tx.change():
            [row] = locked.rows(pk=pk)
            row.first_name += "x"
            row.save()

    Customer.objects.filter(pk=pk).update(first_name="")
    assert together(*[partial(tx.run, rename)] * 4) == [None] * 4
    assert Customer.objects.get(pk=pk).first_name == "xxxx"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_it_inserts_rows_and_gives_them_their_keys(project, count):
    rows = [
        Customer(project=project, telegram_id=100 + number, first_name='"Ada" \\')
        for number in range(count)
    ]
    Insert(Customer).rows(rows)
    stored = Customer.objects.filter(telegram_id__gte=100).order_by("pk")
    assert [(row.pk, row.public_id, row.first_seen_at, row.first_name) for row in stored] == [
        (row.pk, row.public_id, row.first_seen_at, row.first_name) for row in rows
    ]
    for row in rows:
        row.save()
    assert stored.count() == count


def test_it_inserts_what_differs_and_what_is_the_same(project):
    """Of each kind of column: a choice beside plain text, JSON, a moment, a key, and nothing."""
    sessions = [make_session(project) for _ in range(3)]
    now = clock.now()
    rows = [
        Message(
            session=session,
            number=50 + place,
            direction=[Message.Direction.IN, "out", Message.Direction.SYSTEM][place],
            kind="text",
            text=['"{a},b\\\\', "", "Привет 👋\n"][place],
            data=[{}, {"a": [1, None, "x"]}, {"b": True}][place],
            author=make_agent(project) if place else None,
            edited_at=now if place == 2 else None,
            received_at=now,
            telegram_message_id=None,
        )
        for place, session in enumerate(sessions)
    ]
    Insert(Message).rows(rows)
    names = [field.attname for field in Message._meta.concrete_fields]
    stored = Message.objects.filter(number__gte=50).order_by("pk")
    assert list(stored.values(*names)) == [
        {name: getattr(row, name) for name in names} for row in rows
    ]


def test_it_refuses_a_second_of_what_is_unique(project):
    with pytest.raises(IntegrityError), tx.change():
        Insert(Customer).rows([Customer(project=project, telegram_id=1)])


@pytest.mark.parametrize("count", [1, 3])
def test_it_leaves_what_is_there(project, count):
    rows = [Customer(project=project, telegram_id=40 + number) for number in range(count)]
    Insert(Customer, ignoring=True).rows(rows)
    Insert(Customer, ignoring=True).rows(rows)
    assert Customer.objects.count() == 40 + count - 1
    assert Customer.objects.get(telegram_id=40).public_id != rows[0].public_id


@pytest.mark.parametrize("count", [1, 3])
def test_it_updates_what_it_is_told_and_nothing_else(project, count):
    rows = [make_session(project) for _ in range(count)]
    other = make_session(project)
    for row in rows:
        row.last_message_text, row.message_count, row.is_flagged = "Hello", 5, True
    Insert(ChatSession, updating=["last_message_text", "message_count"]).rows(rows)
    stored = ChatSession.objects.exclude(pk=other.pk)
    told = {(row.last_message_text, row.message_count, row.is_flagged) for row in stored}
    assert (told, stored.count()) == ({("Hello", 5, False)}, count)
    other.refresh_from_db()
    assert other.last_message_text == ""


# ---------------------------------------------------------------- rows that have most in common


def values_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_a_row_of_a_blank_is_what_the_model_makes(project):
    session, now = make_session(project), clock.now()
    blank = Blank(Message, direction="system", at=now)
    row = blank.row(session_id=session.pk, number=1, kind="opened", public_id=PUBLIC_ID)
    made = Message(
        session=session, number=1, kind="opened", direction="system", at=now, public_id=PUBLIC_ID
    )
    assert values_of(row) | {"received_at": now} == values_of(made) | {"received_at": now}
    row.save()
    assert Message.objects.get(public_id=PUBLIC_ID).session == session


def test_rows_of_a_blank_share_no_default():
    blank = Blank(Message, number=1)
    one, other = blank.row(), blank.row()
    one.data["text"] = "only mine"
    assert other.data == {}
    assert one.public_id != other.public_id


def test_a_blank_knows_the_names_of_its_model():
    with pytest.raises(KeyError):
        Blank(Message).row(session=None)
