from core.ticks import every
from live import actions


@every(600, "live.purge")
def purge() -> None:
    actions.purge()
