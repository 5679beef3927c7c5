from django.conf import settings

from core.retention import forget_old
from routing.models import PresenceInterval

forget_old(PresenceInterval, "started_at", lambda: settings.PRESENCE_DAYS, ended_at__isnull=False)
