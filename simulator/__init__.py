"""A local Telegram for demos and tests: the Bot API, people who write to bots, their phones.

A program of its own (`python -m simulator`): it imports nothing of the product and nothing imports
it. What it imitates, and from which source, is the table in `simulator/README.md`.
"""
