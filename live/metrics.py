"""What a web process counts of the feed."""

from prometheus_client import Counter, Gauge

PAGES = Gauge("tgstaff_feed_pages", "Pages that are connected to this process")
SENT = Counter("tgstaff_feed_events_sent", "Events handed to pages")
RESETS = Counter("tgstaff_feed_resets", "Pages sent for a new snapshot")
BYES = Counter("tgstaff_feed_byes", "Pages sent away", ["code"])
