"""Telegram's edge: one asyncio program that reads and sends for the bots it holds leases for."""

from bots.gateway.fleet import Gateway

__all__ = ["Gateway"]
