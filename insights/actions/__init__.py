"""Every change this app makes."""

from insights.actions.asking import ask

__all__ = ["ask"]
