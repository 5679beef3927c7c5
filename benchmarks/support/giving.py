"""The floor of a long line: the same rows by plain SQL, one session after the other, one commit each.

Written for speed within that, as `rows.Writer` is. It judges nobody (everybody can receive), keeps
the circle in memory, and stores the verdicts once for all. What the product tells of an agent's
load once a batch it tells not at all: both sides write the same rows for each session.
"""

from itertools import cycle

import psycopg

from benchmarks.support.rows import Row, Writer


class Giver(Writer):
    def __init__(self, connection: "psycopg.Connection[Row]", bot: int) -> None:
        super().__init__(connection, bot)
        self.agents = self._all(
            "SELECT a.id, a.public_id, u.name FROM projects_agent a"
            " JOIN accounts_user u ON u.id = a.user_id"
            " WHERE a.project_id = %s AND a.removed_at IS NULL ORDER BY a.position, a.id",
            self.project["id"],
        )
        people = [self._person(agent) for agent in self.agents]
        heard = [{"agent": one["id"], "name": one["name"], "codes": []} for one in people]
        self.judgement = self.judge(heard)
        pool = self._ask(
            "SELECT id, turn FROM routing_pool WHERE project_id = %s", self.project["id"]
        )
        self.pool, self.turn = pool["id"], pool["turn"]

    def give_out(self) -> int:
        """Assign everything that waits, oldest first, in turn; how many."""
        waiting = self._all(
            "SELECT id, customer_id FROM sessions_app_chatsession"
            " WHERE project_id = %s AND state = 'unassigned' ORDER BY queued_at, id",
            self.project["id"],
        )
        for row, agent in zip(waiting, cycle(self.agents), strict=False):
            with self.connection.transaction():
                self._give(row, agent)
        return len(waiting)

    def _give(self, row: Row, agent: Row) -> None:
        self.turn += 1
        session = self._ask(
            "UPDATE sessions_app_chatsession SET state = 'assigned', owner_id = %s,"
            " assigned_at = clock_timestamp(), waiting_since = NULL,"
            " message_count = message_count + 1"
            " WHERE id = %s AND state = 'unassigned' RETURNING *",
            *(agent["id"], row["id"]),
        ) | {"customer": self._customer_of(row)}
        self._assignment(session, agent, self._said(session, agent))
        data = {
            "agent": self._person(agent),
            "by": None,
            "reason": "routed",
            "mode": "round_robin",
            "turn": self.turn,
        }
        number = session["message_count"]
        line = self._line(session, number=number, direction="system", kind="assigned", data=data)
        self._move_cursor(agent)
        owned = {"owner": self._person(agent), "was": "unassigned"}
        events = [
            ("session.changed", self._session_payload(session) | owned),
            ("message.changed", self._message_payload(session, line) | {"data": data}),
        ]
        audience = ["managers", "others", f"agent:{agent['public_id']}"]
        self._record(events, audience, before=["managers", "pool"])

    def _customer_of(self, row: Row) -> Row:
        return self._ask(
            "SELECT public_id, first_name, last_name, username, language_code"
            " FROM sessions_app_customer WHERE id = %s",
            row["customer_id"],
        )

    def _said(self, session: Row, agent: Row) -> int:
        """The attempt's key."""
        return int(
            self._ask(
                "INSERT INTO sessions_app_routingattempt (session_id, trigger, mode, scope,"
                " outcome, project_code, agent_id, judgement_id, turn_before, turn_after, at,"
                " last_at, count) VALUES (%s, 'opened', 'round_robin', 'all', 'assigned', '', %s,"
                " %s, %s, %s, clock_timestamp(), clock_timestamp(), 1) RETURNING id",
                *(session["id"], agent["id"], self.judgement, self.turn - 1, self.turn),
            )["id"]
        )

    def _assignment(self, session: Row, agent: Row, attempt: int) -> None:
        self._run(
            "INSERT INTO sessions_app_assignment (session_id, agent_id, reason, attempt_id, note,"
            " started_at, ended_because) VALUES (%s, %s, 'routed', %s, '', clock_timestamp(), '')",
            *(session["id"], agent["id"], attempt),
        )

    def _move_cursor(self, agent: Row) -> None:
        self._run(
            "UPDATE routing_pool SET turn = %s, cursor_agent_id = %s WHERE id = %s",
            *(self.turn, agent["id"], self.pool),
        )
        self._run(
            "INSERT INTO routing_turn (pool_id, agent_id, number) VALUES (%s, %s, %s)"
            " ON CONFLICT (agent_id) DO UPDATE SET number = excluded.number",
            *(self.pool, agent["id"], self.turn),
        )

    def _person(self, agent: Row) -> Row:
        return {"id": str(agent["public_id"]), "name": agent["name"]}


def lines(connection: "psycopg.Connection[Row]", project: int, bot: int, count: int) -> None:
    """Store sessions that wait, each of a customer of its own, in one statement."""
    connection.execute(
        "WITH people AS ("
        " INSERT INTO sessions_app_customer (public_id, project_id, telegram_id, first_name,"
        " last_name, username, language_code, first_seen_at)"
        " SELECT gen_random_uuid(), %(project)s, coalesce(last, 700000000) + n, 'Carol', n::text,"
        " '', 'en', clock_timestamp() FROM generate_series(1, %(count)s) n,"
        " (SELECT max(telegram_id) AS last FROM sessions_app_customer) known RETURNING id"
        "), numbers AS ("
        " UPDATE projects_project SET last_session_number = last_session_number + %(count)s"
        " WHERE id = %(project)s RETURNING last_session_number - %(count)s AS last)"
        " INSERT INTO sessions_app_chatsession (public_id, project_id, bot_id, customer_id,"
        " number, state, opened_at, queued_at, waiting_since, is_flagged, message_count,"
        " last_message_number, last_message_at, last_message_text, last_message_direction,"
        " incoming_count, unanswered_since)"
        " SELECT gen_random_uuid(), %(project)s, %(bot)s, people.id,"
        " last + row_number() OVER (ORDER BY people.id), 'unassigned', clock_timestamp(),"
        " clock_timestamp(), clock_timestamp(), false, 1, 1, clock_timestamp(),"
        " 'Good morning! Where is my order?', 'in', 1, clock_timestamp() FROM people, numbers",
        {"project": project, "bot": bot, "count": count},
    )
