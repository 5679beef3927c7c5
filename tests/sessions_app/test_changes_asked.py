"""Changes of sent messages by those who ask for them: the page's API, and managers in the admin."""

from uuid import uuid4

import pytest

from sessions_app.actions.messages import reply
from sessions_app.models import Message, MessageChange
from tests.factories import make_member, make_session
from tests.support.api import act, browser, code, ok
from tests.support.calls import DOUBT, sent, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(project, alice):
    return make_session(project, owner=alice)


def send(session, text, outcome):
    message = reply(session=session, actor=session.owner.user, key=uuid4(), text=text)
    settle(session.bot, outcome)
    return message


def test_it_is_done_by_http_and_answered_with_the_message(session, alice, project):
    message = send(session, "Helo", sent(501))
    answer = ok(act(alice.user, session, "edit", message=str(message.public_id), text="Hello"))
    assert (answer["message"]["text"], answer["message"]["change"]["verb"]) == ("Hello", "edited")
    settle(session.bot, sent(501))
    elsewhere = make_session(project, owner=alice)
    for verb in ("resend", "confirm", "recall"):
        answer = act(alice.user, elsewhere, verb, message=str(message.public_id))
        assert code(answer) == (404, "not_found")
    assert code(act(alice.user, session, "recall")) == (422, "invalid")
    answer = ok(act(alice.user, session, "recall", message=str(message.public_id)))
    assert (answer["message"]["kind"], answer["message"]["text"]) == ("recalled", "")
    assert answer["session"]["last"]["text"] == "[recalled]"


def test_managers_do_it_in_the_admin(session, project):
    message = send(session, "Hello", DOUBT)
    manager = browser(make_member(project.company, role="manager").user)
    for action, state in [("resend", "queued"), ("resend", "queued"), ("recall", "failed")]:
        chosen = {"action": action, "_selected_action": [message.pk], "index": 0}
        assert manager.post("/admin/sessions_app/message/", chosen).status_code == 302
        assert Message.objects.get().delivery == state
    assert MessageChange.objects.count() == 2  # what was refused was not done
