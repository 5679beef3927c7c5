"""What is done for links and clicks by the clock, and what is forgotten of visitors."""

from django.conf import settings

from core import tx
from core.retention import forget_old
from core.ticks import every
from redirects.actions import checks, clicks
from redirects.models import Click, EarlyStart


@every(15, "redirects.join_early")
def join_early() -> None:
    tx.run(clicks.join_early)


@every(300, "redirects.shorten_ips")
def shorten_ips() -> None:
    while tx.run(clicks.shorten_ips, clicks.AT_ONCE) == clicks.AT_ONCE:
        pass


@every(10, "redirects.read_clicks")
def read_clicks() -> None:
    while tx.run(clicks.read_some, clicks.AT_ONCE) == clicks.AT_ONCE:
        pass


@every(30, "redirects.check_due")
def check_due() -> None:
    checks.check_due()


forget_old(Click, "at", lambda: settings.CLICK_DAYS)
forget_old(EarlyStart, "at", lambda: clicks.EARLY_HOURS / 24)
