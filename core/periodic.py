from core import retention
from core.ticks import every


@every(60, "core.purge")
def purge() -> None:
    retention.purge()
