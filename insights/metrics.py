from prometheus_client import Counter

ALARMS_RAISED = Counter("tgstaff_alarms_raised", "Alarms raised", ["kind"])
MAILS = Counter("tgstaff_mails", "Tries to send a mail", ["outcome"])
