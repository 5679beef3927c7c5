"""Assembles the apps: settings, routes, ASGI, Celery. Nobody imports it."""

from tgstaff.celery import app as celery_app

__all__ = ["celery_app"]
