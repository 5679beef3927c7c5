"""The agents' page's socket: while it is open, its user is there."""

import logging
from typing import Any, ClassVar

from django.db import DatabaseError

from core import tx
from core.aio import in_db
from live.sockets import FeedSocket
from routing import actions
from sessions_app.queries.build import build as build_of_pages

log = logging.getLogger(__name__)


class AppSocket(FeedSocket):
    """`/ws/app/`: the feed, and a lease on its user's presence."""

    build: ClassVar[str] = build_of_pages()

    async def opened(self) -> None:
        await self._keep(actions.open_lease, state={})

    async def beat(self, state: dict[str, Any]) -> None:
        await self._keep(actions.beat, state=state)

    async def closed(self, clean: bool) -> None:
        """When this server ends, pages come back to another one; their leases go on."""
        if clean and self.connection:
            try:
                await in_db(tx.run, actions.close_lease, connection_id=self.connection.id)
            except DatabaseError:
                log.warning("a page's lease is left to run out by itself", exc_info=True)

    async def _keep(self, action: Any, *, state: dict[str, Any]) -> None:
        assert self.connection is not None, "only between opened and closed"
        await in_db(
            tx.run, action, user_id=self.user_id, connection_id=self.connection.id, state=state
        )
