"""How long is remembered who signed in and who changed what."""

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session

from accounts.models import AuditEntry
from core.retention import forget_old

forget_old(Session, "expire_date", lambda: 0)
for sign_ins in (AccessAttempt, AccessFailureLog, AccessLog):
    forget_old(sign_ins, "attempt_time", lambda: settings.SIGN_IN_DAYS)
forget_old(AuditEntry, "at", lambda: settings.AUDIT_DAYS)
forget_old(LogEntry, "action_time", lambda: settings.AUDIT_DAYS)
