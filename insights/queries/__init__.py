"""What this app reads of all the others."""

from insights.queries.doctor import facts

__all__ = ["facts"]
