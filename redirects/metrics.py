"""What a web process counts of redirect links."""

from prometheus_client import Counter

# How: stored, spooled (the database did not take it in time), lost (neither did the disk).
CLICKS = Counter("tgstaff_clicks", "Clicks that were led on, by how they were kept", ["how"])
DRAINED = Counter("tgstaff_clicks_drained", "Clicks stored from this host's spool")
