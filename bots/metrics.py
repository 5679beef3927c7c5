"""What a process counts of Telegram's wires."""

from prometheus_client import Counter, Gauge

UPDATES = Counter("tgstaff_updates_read", "Updates read from Telegram, repeated ones too")
READ_ERRORS = Counter("tgstaff_read_errors", "Reads that Telegram did not answer", ["code"])
CALLS = Counter("tgstaff_calls", "Calls to Telegram, by what became of them", ["outcome"])
SERVED = Gauge("tgstaff_gateway_bots", "Bots that this gateway serves")
