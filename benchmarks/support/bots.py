"""Projects with a bot each, as many as asked for, in the database and in the simulator.

Answers with their tokens. Run in the product's environment.
"""

import json
import os
import secrets
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tgstaff.settings")

import django

django.setup()

import requests
from django.conf import settings

from accounts.models import Company
from bots.models import Bot, Inbox
from core import tx
from projects.actions import create_project

FIRST = 6_100_000_000


def main(count: int) -> None:
    tokens = [f"{FIRST + number}:{secrets.token_hex(18)}" for number in range(count)]
    company = Company.objects.get()
    with tx.change():
        for number, token in enumerate(tokens):
            project = create_project(company=company, name=f"Bot {number}", actor=None)
            bot = Bot.objects.create(
                project=project,
                telegram_id=FIRST + number,
                username=f"many_{number}_bot",
                token=token,
            )
            Inbox.objects.create(bot=bot)
    with requests.Session() as session:
        for number, token in enumerate(tokens):
            fields = {"token": token, "username": f"many_{number}_bot"}
            address = f"{settings.TELEGRAM_API_BASE}/control/bots"
            session.post(address, json=fields, timeout=30).raise_for_status()
    print(json.dumps(tokens), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
