"""Plumbing that knows no app: transactions, the clock, kicks, ports, encrypted fields."""
