"""Who is there."""

from core import clock
from core.health import Figures, part
from routing.models import Lease


@part("people")
def people() -> Figures:
    """Pages that are open, and people behind them."""
    open_pages = Lease.objects.filter(expires_at__gt=clock.now())
    return {"pages": open_pages.count(), "there": open_pages.values("user").distinct().count()}
