from celery import shared_task

from redirects.actions import checks


@shared_task(name="redirects.check_due", ignore_result=True)
def check_due() -> None:
    checks.check_due()
