from celery import shared_task

from insights.actions import mails


@shared_task(name="insights.send_mails", ignore_result=True)
def send_mails() -> None:
    mails.send_due()
