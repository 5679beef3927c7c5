"""The floor of a drain: the same rows by plain SQL, one update after the other, one commit each.

Written for speed within that: a statement is prepared once, nothing is asked that the row itself
does not need, and the JSON has the product's fields.
"""

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

Row = dict[str, Any]

FIRST_PERSON = 800_000_000
FIRST_UPDATE = 1_000_000
MADE = """
    SELECT (SELECT count(*) FROM sessions_app_customer) AS customers,
           (SELECT count(*) FROM sessions_app_chatsession) AS sessions,
           (SELECT count(*) FROM sessions_app_message) AS messages,
           (SELECT count(*) FROM sessions_app_routingattempt) AS attempts,
           (SELECT count(*) FROM live_event) AS events
"""


def backlog(
    connection: "psycopg.Connection[Any]", bot: int, *, people: int, messages: int, first: int
) -> None:
    """Store updates that wait: `messages` of each of the people, in turn; `first`: the number that
    the people and updates begin with, so that two backlogs share nobody."""
    with connection.cursor() as cursor:
        columns = "bot_id, update_id, raw, state, received_at, attempts, due_at, error"
        with cursor.copy(f"COPY bots_inboundupdate ({columns}) FROM STDIN") as copy:
            now = datetime.now(UTC)
            for number in range(people * messages):
                person = FIRST_PERSON + first + number % people
                update = _update(FIRST_UPDATE + first + number, person, 1 + number // people)
                raw = json.dumps(update).encode()
                copy.write_row((bot, update["update_id"], raw, "pending", now, 0, now, ""))


def _update(number: int, person: int, message: int) -> Row:
    user = {"id": person, "first_name": "Carol", "last_name": str(person), "language_code": "en"}
    return {
        "update_id": number,
        "message": {
            "message_id": message,
            "from": user | {"is_bot": False},
            "chat": {"id": person, "type": "private", "first_name": "Carol"},
            "date": int(datetime.now(UTC).timestamp()),
            "text": f"Good morning! Message {message}: where is my order number {number}?",
        },
    }


def pending(connection: "psycopg.Connection[Any]") -> int:
    query = "SELECT count(*) FROM bots_inboundupdate WHERE state = 'pending'"
    return int(_one(connection.execute(query))["count"])


def stored(connection: "psycopg.Connection[Any]") -> int:
    """Updates in the inboxes, drained or not."""
    return int(_one(connection.execute("SELECT count(*) FROM bots_inboundupdate"))["count"])


def made(connection: "psycopg.Connection[Any]") -> dict[str, int]:
    """How many rows drains have made so far, by kind."""
    return _one(connection.execute(MADE))


def _one(cursor: "psycopg.Cursor[Any]") -> Row:
    cursor.row_factory = dict_row
    row: Row | None = cursor.fetchone()
    assert row is not None
    return row


class Writer:
    """Drains a bot's inbox as a plain program would."""

    def __init__(self, connection: "psycopg.Connection[Row]", bot: int) -> None:
        self.connection = connection
        self.bot = bot
        self.project = self._ask(
            "SELECT p.id, p.public_id FROM projects_project p"
            " JOIN bots_bot b ON b.project_id = p.id WHERE b.id = %s",
            bot,
        )
        self.stream = self.project["public_id"]
        verdicts = [_verdict(row) for row in self._all("SELECT public_id FROM projects_agent")]
        # The product shares them within a batch; a plain program that is clever does for ever.
        self.judgement = self.judge(verdicts)

    def drain(self) -> int:
        updates = self._all(
            "SELECT id, raw, received_at FROM bots_inboundupdate"
            " WHERE bot_id = %s AND state = 'pending' ORDER BY update_id",
            self.bot,
        )
        for update in updates:
            with self.connection.transaction():
                self._take(update)
        return len(updates)

    def _take(self, update: Row) -> None:
        message = json.loads(bytes(update["raw"]))["message"]
        customer = self._customer(message["from"])
        events: list[tuple[str, Row]] = []
        session = self._session(customer) or self._open(customer, events)
        self._append(session, message, update["received_at"], events)
        self._run("UPDATE bots_inboundupdate SET state = 'done' WHERE id = %s", update["id"])
        self._record(events)

    def _customer(self, person: Row) -> Row:
        return self._find(
            "SELECT id, public_id, first_name, last_name, username, language_code"
            " FROM sessions_app_customer WHERE project_id = %s AND telegram_id = %s",
            self.project["id"],
            person["id"],
        ) or self._ask(
            "INSERT INTO sessions_app_customer (public_id, project_id, telegram_id, first_name,"
            " last_name, username, language_code, first_seen_at)"
            " VALUES (%s, %s, %s, %s, %s, '', %s, clock_timestamp())"
            " RETURNING id, public_id, first_name, last_name, username, language_code",
            *(uuid.uuid4(), self.project["id"], person["id"], person["first_name"]),
            *(person["last_name"], person["language_code"]),
        )

    def _session(self, customer: Row) -> Row | None:
        session = self._find(
            "SELECT * FROM sessions_app_chatsession"
            " WHERE bot_id = %s AND customer_id = %s AND state <> 'completed' FOR NO KEY UPDATE",
            self.bot,
            customer["id"],
        )
        return session and session | {"customer": customer}

    def _open(self, customer: Row, events: list[tuple[str, Row]]) -> Row:
        number = self._ask(
            "UPDATE projects_project SET last_session_number = last_session_number + 1"
            " WHERE id = %s RETURNING last_session_number AS number",
            self.project["id"],
        )["number"]
        session = self._ask(
            "INSERT INTO sessions_app_chatsession (public_id, project_id, bot_id, customer_id,"
            " number, state, opened_at, queued_at, waiting_since, is_flagged, message_count,"
            " last_message_number, last_message_text, last_message_direction, incoming_count)"
            " VALUES (%s, %s, %s, %s, %s, 'unassigned', clock_timestamp(), clock_timestamp(),"
            " clock_timestamp(), false, 1, 0, '', '', 0) RETURNING *",
            *(uuid.uuid4(), self.project["id"], self.bot, customer["id"], number),
        ) | {"customer": customer}
        self._attempt(session)
        line = self._line(session, number=1, direction="system", kind="opened")
        events.append(("message.changed", self._message_payload(session, line)))
        return session

    def judge(self, verdicts: list[Row]) -> int:
        """Store what was said of each agent; its key."""
        return int(
            self._ask(
                "INSERT INTO sessions_app_judgement (verdicts, at) VALUES (%s, clock_timestamp())"
                " RETURNING id",
                Jsonb(verdicts),
            )["id"]
        )

    def _attempt(self, session: Row) -> None:
        self._run(
            "INSERT INTO sessions_app_routingattempt (session_id, trigger, mode, scope, outcome,"
            " project_code, judgement_id, turn_before, turn_after, at, last_at, count) VALUES"
            " (%s, 'opened', 'ordered', 'all', 'waiting', '', %s, 0, 0, clock_timestamp(),"
            " clock_timestamp(), 1)",
            session["id"],
            self.judgement,
        )

    def _append(
        self, session: Row, message: Row, at: datetime, events: list[tuple[str, Row]]
    ) -> None:
        session |= self._ask(
            "UPDATE sessions_app_chatsession SET message_count = message_count + 1,"
            " last_message_number = message_count + 1, last_message_at = %s,"
            " last_message_text = %s, last_message_direction = 'in',"
            " incoming_count = incoming_count + 1,"
            " unanswered_since = coalesce(unanswered_since, %s) WHERE id = %s RETURNING *",
            *(at, message["text"][:200], at, session["id"]),
        )
        line = self._line(
            session,
            number=session["message_count"],
            direction="in",
            kind="text",
            text=message["text"],
            chat=message["chat"]["id"],
            place=message["message_id"],
        )
        events.append(("session.changed", self._session_payload(session)))
        events.append(("message.changed", self._message_payload(session, line)))

    def _line(self, session: Row, **fields: Any) -> Row:
        fields = {"text": "", "data": {}, "chat": None, "place": None} | fields
        return fields | self._ask(
            "INSERT INTO sessions_app_message (public_id, session_id, number, direction, kind,"
            " text, data, at, received_at, versions, bot_id, chat_id, telegram_message_id,"
            " delivery, delivery_error, delivery_text) VALUES (%s, %s, %s, %s, %s, %s, %s,"
            " clock_timestamp(), clock_timestamp(), '[]', %s, %s, %s, '', '', '')"
            " RETURNING public_id, at",
            *(uuid.uuid4(), session["id"], fields["number"], fields["direction"]),
            *(fields["kind"], fields["text"], Jsonb(fields["data"])),
            *(self.bot, fields["chat"], fields["place"]),
        )

    def _record(
        self,
        events: list[tuple[str, Row]],
        audience: Sequence[str] = ("managers", "pool"),
        before: Sequence[str] | None = None,
    ) -> None:
        head = self._ask(
            "INSERT INTO live_feed (stream, head, floor) VALUES (%s, %s, 0)"
            " ON CONFLICT (stream) DO UPDATE SET head = live_feed.head + excluded.head"
            " RETURNING head",
            *(self.stream, len(events)),
        )["head"]
        told = Jsonb(list(audience))
        until_now = None if before is None else Jsonb(list(before))
        for number, (kind, payload) in enumerate(events, start=head - len(events) + 1):
            self._run(
                "INSERT INTO live_event (stream, number, kind, audience, before, payload, at)"
                " VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp())",
                *(self.stream, number, kind, told, until_now, Jsonb(payload)),
            )

    def _session_payload(self, session: Row) -> Row:
        customer, written_at = session["customer"], session["last_message_at"]
        last = {
            "number": session["last_message_number"],
            "at": _moment(written_at),
            "text": session["last_message_text"],
            "direction": session["last_message_direction"],
        }
        return {
            "id": str(session["public_id"]),
            "project": str(self.stream),
            "number": session["number"],
            "state": session["state"],
            "owner": None,
            "customer": {
                "id": str(customer["public_id"]),
                "name": f"{customer['first_name']} {customer['last_name']}",
                "username": customer["username"],
                "language": customer["language_code"],
                "blocked": False,
            },
            "opened_at": session["opened_at"].isoformat(),
            "queued_at": session["queued_at"].isoformat(),
            "waiting_since": _moment(session["waiting_since"]),
            "assigned_at": _moment(session["assigned_at"]),
            "completed_at": None,
            "flagged": False,
            "incoming": session["incoming_count"],
            "unanswered_since": _moment(session["unanswered_since"]),
            "last": last if written_at else None,
            "was": session["state"],
        }

    def _message_payload(self, session: Row, line: Row) -> Row:
        return {
            "id": str(line["public_id"]),
            "session": str(session["public_id"]),
            "number": line["number"],
            "direction": line["direction"],
            "kind": line["kind"],
            "text": line["text"],
            "data": {},
            "at": line["at"].isoformat(),
            "received_at": line["at"].isoformat(),
            "edited_at": None,
            "versions": [],
            "author": None,
            "place": line["place"],
            "reply_to": None,
            "key": None,
            "delivery": "",
            "error": None,
        }

    # ---------------------------------------------------------------- SQL

    def _run(self, query: str, *values: Any) -> "psycopg.Cursor[Row]":
        return self.connection.execute(query, values, prepare=True)

    def _all(self, query: str, *values: Any) -> list[Row]:
        return self._run(query, *values).fetchall()

    def _find(self, query: str, *values: Any) -> Row | None:
        return self._run(query, *values).fetchone()

    def _ask(self, query: str, *values: Any) -> Row:
        row = self._find(query, *values)
        assert row is not None, query
        return row


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _verdict(agent: Row) -> Row:
    code = {"code": "offline", "evidence": {"since": None}}
    return {"agent": str(agent["public_id"]), "name": "Lena Fischer", "codes": [code]}
