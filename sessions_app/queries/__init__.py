"""Reads worth a name. Here: the target of the port `live.access` (settings.PORTS)."""

from sessions_app.queries.access import feed_access

__all__ = ["feed_access"]
