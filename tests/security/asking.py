"""Somebody who asks for addresses, as a browser would."""

import re
import uuid
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from tests.security.world import Place

BACKEND = "django.contrib.auth.backends.ModelBackend"
# What differs from answer to answer, whatever was asked.
ONCE = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"|csrfToken[^,;]+')
REFUSED = {401, 403, 404}


class Asker:
    def __init__(self, user: User | None, **options: Any) -> None:
        self.user = user
        self.browser = Client(raise_request_exception=False, **options)
        if user:
            self.browser.force_login(user, backend=BACKEND)

    def ask(self, method: str, path: str, sent: dict[str, Any] | None = None) -> Any:
        """GET with `sent` as the query; POST as a form or, to the API, as JSON."""
        if method == "GET":
            return self.browser.get(path, sent or {})
        if path.startswith("/app/api/"):
            return self.browser.post(path, sent or {}, content_type="application/json")
        return self.browser.post(path, sent or {})


def text_of(answer: HttpResponse) -> str:
    """The body and whatever headers say."""
    body = b"".join(answer) if answer.streaming else answer.content
    return body.decode() + str(answer.headers) + str(answer.cookies)


def is_refused(answer: HttpResponse) -> bool:
    """Turned away in one of the ways a stranger is: not found, forbidden, or sent to sign in."""
    if answer.status_code == 302:
        return answer["Location"].startswith(("/sign-in/?next=", "/admin/login/"))
    return answer.status_code in REFUSED


def said(answer: HttpResponse, *ids: Any) -> tuple[int, str, str]:
    """What the asker can tell from an answer, without the ids he himself has put in."""
    own = re.compile("|".join(rf"(?<![\w-]){re.escape(str(one))}(?![\w-])" for one in ids) or "$^")
    body = own.sub("ID", ONCE.sub("", answer.content.decode()))
    return answer.status_code, own.sub("ID", answer.get("Location", "")), body


def naming(place: Place) -> dict[str, Any]:
    """A body that names rows of this place in every field which takes an id."""
    ids = {name: str(value) for name, value in place.ids.items()}
    return {
        **ids,
        "key": str(uuid.uuid4()),
        "text": "hello",
        "reason": "",
        "seen": 0,
        "status": "online",
        "agent": ids["agent_id"],
        "message": str(place.rows["sessions_app.Message"].public_id),
        "order": ids["agent_id"],
        "up": ids["agent_id"],
        "specified": ids["agent_id"],
        "scope": "specified",
    }


def naming_keys(place: Place) -> dict[str, Any]:
    """The same for the admin, which knows rows by their keys."""
    return {
        "company": place.company.pk,
        "project": place.project.pk,
        "agent": place.agent.pk,
        "user": place.agent.user_id,
        "bot": place.bot.pk,
        "customer": place.customer.pk,
        "session": place.session.pk,
        "owner": place.agent.pk,
        "specified": [place.agent.pk],
        "mode": "round_robin",
        "scope": "specified",
        "name": "New name",
        "email": "somebody.new@example.org",
        "role": "agent",
        "new_token": "1:a",
        "time_zone": "UTC",
        "language": "en",
    }
