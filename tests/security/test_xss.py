"""Hostile names and texts stay text on every page that the server writes."""

from html.parser import HTMLParser

import pytest

from accounts.models import AuditEntry, User
from sessions_app.models import ChatSession, Judgement
from tests.security.asking import Asker
from tests.security.routes import MODELS, TABLE, folder, path_of
from tests.security.test_matrix import EXITS, ids_for
from tests.security.world import Place, World

pytestmark = [pytest.mark.slow, pytest.mark.sweep]

TAG = "<img src=x onerror=qzxss()>"
PAYLOADS = [
    TAG,
    '"><svg onload=qzxss()>',
    "' onmouseover='qzxss()",
    "</script><b onclick=qzxss()>",
    "</textarea><i onclick=qzxss()>",
    "javascript:qzxss()",
]
# What a person of Telegram, or a colleague, can write.
FIELDS = {
    "accounts.Company": ("name",),
    "accounts.User": ("name",),
    "accounts.AuditEntry": ("verb", "target"),
    "bots.Bot": ("username", "name", "last_error"),
    "bots.InboundUpdate": ("error",),
    "bots.OutboundCall": ("error_text", "error_code", "method"),
    "projects.Project": ("name", "remark"),
    "sessions_app.Customer": ("first_name", "last_name", "username", "language_code"),
    "sessions_app.ChatSession": ("last_message_text",),
    "sessions_app.Message": ("text", "kind", "delivery_text"),
    "sessions_app.Assignment": ("note",),
    "sessions_app.RoutingAttempt": ("trigger", "project_code"),
}


class Tags(HTMLParser):
    """Every start tag, with its attributes as the browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.inside, self.scripts = "", ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts += data


def active(text: str) -> list[str]:
    """Where a payload has become more than text."""
    page, wrong = Tags(text), []
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            is_code = name.startswith(("on", "x-", ":", "@")) and name != "x-cloak"
            is_address = name in {"href", "src", "action", "formaction"}
            if "qzxss" in name or ("qzxss" in value and is_code):
                wrong.append(f"<{tag} {name}={value!r}>")
            if is_address and value.strip().lower().startswith("javascript:"):
                wrong.append(f"<{tag} {name}={value!r}>")
    if "qzxss" in page.scripts:
        wrong.append("in a script")
    return wrong


def poison(place: Place, payload: str) -> None:
    for label, names in FIELDS.items():
        row = place.rows[label]
        fields = {name: payload[: row._meta.get_field(name).max_length] for name in names}
        type(row).objects.filter(pk=row.pk).update(**fields)
    messages = type(place.rows["sessions_app.Message"]).objects.filter(session=place.session)
    messages.update(versions=[{"text": payload, "at": None}], data={"entities": [payload]})
    verdicts = [{"agent": payload, "name": payload, "codes": [{"code": payload, "evidence": {}}]}]
    Judgement.objects.filter(attempts__session=place.session).update(verdicts=verdicts)
    place.rows["bots.OutboundCall"].params = {"text": payload}
    place.rows["bots.OutboundCall"].save()
    place.rows["bots.InboundUpdate"].raw = payload.encode()
    place.rows["bots.InboundUpdate"].save()
    AuditEntry.objects.update(data={"said": payload})
    User.objects.update(name=payload)


@pytest.mark.django_db
@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_page_turns_what_people_write_into_more_than_text(world, payload):
    poison(world.here, payload)
    owner, wrong, shown = Asker(world.people["owner"]), [], 0
    for route in TABLE:
        if route in EXITS:
            continue
        answer = owner.ask("GET", path_of(route, ids_for(world.here, route)))
        if answer.get("Content-Type", "").startswith("text/html"):
            text = answer.content.decode()
            wrong += [f"{route}: {fault}" for fault in active(text)]
            shown += "qzxss" in text
    assert wrong == []
    assert shown > 30  # the payload is there, as text


@pytest.mark.django_db
def test_what_came_of_an_action_names_rows_as_text(world: World):
    poison(world.here, TAG)
    owner, place = Asker(world.people["owner"]), world.here
    for label, action in [
        ("sessions_app.ChatSession", "complete"),
        ("projects.Agent", "remove"),
        ("projects.Agent", "remove"),  # is refused now, by name
        ("bots.Bot", "pause"),
    ]:
        sent = {"action": action, "_selected_action": [place.key(label)], "index": 0}
        assert owner.ask("POST", f"/{folder(label)}", sent).status_code == 302
        text = owner.ask("GET", f"/{folder(label)}").content.decode()
        assert active(text) == []
    assert ChatSession.objects.get(pk=place.session.pk).is_completed
    change = f"/{folder('projects.Project')}{place.project.pk}/change/"
    fields = {"name": TAG, "remark": "new", "time_zone": "UTC", "language": "en"}
    rest = {"open_with": "start", "uncertain_policy": "hold", "send_within_s": 60}
    assert owner.ask("POST", change, fields | rest).status_code == 302
    text = owner.ask("GET", f"/{folder('projects.Project')}").content.decode()
    assert "&lt;img src=x onerror=qzxss()&gt;" in text
    assert active(text) == []


@pytest.mark.django_db
def test_what_is_asked_for_comes_back_as_text(world):
    askers, wrong = [Asker(world.people["owner"]), Asker(None)], []
    for payload in PAYLOADS:
        for path in ["/sign-in/", "/nothing/", *(f"/{folder(label)}" for label in MODELS)]:
            query = {"q": payload, "next": payload, payload: payload, "p": payload, "s": payload}
            for asker in askers:
                answer = asker.ask("GET", path, query)
                wrong += [f"{path}: {fault}" for fault in active(answer.content.decode())]
                assert answer.status_code < 500
                assert not answer.get("Location", "").startswith(("javascript:", "//", "http"))
    assert wrong == []


@pytest.mark.parametrize("payload", PAYLOADS[:5])
def test_a_page_that_did_not_escape_would_be_seen(payload):
    places = [f"<p>{payload}</p>", f'<a title="{payload}">', f"<a title='{payload}'>"]
    places += [f"<textarea>{payload}</textarea>", f"<script>let a = '{payload}'</script>"]
    assert any(active(page) for page in places)
