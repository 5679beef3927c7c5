from core.retention import forget
from live import actions
from live.models import Event

forget(Event, actions.purge)
