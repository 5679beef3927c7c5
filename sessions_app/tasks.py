from celery import shared_task

from core import tx
from sessions_app.actions import inbox, routing


@shared_task(name="sessions_app.drain_inbox", ignore_result=True)
def drain_inbox(bot_id: int) -> None:
    inbox.drain(bot_id)


@shared_task(name="sessions_app.route_project", ignore_result=True)
def route_project(project_id: int, trigger: str) -> None:
    tx.run(routing.settle_project, project_id=project_id, trigger=trigger)
