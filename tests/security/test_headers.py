"""What every answer carries, whatever it is and whoever asks."""

import re

import pytest

from tests.security.asking import Asker, naming, naming_keys, text_of
from tests.security.routes import TABLE, label_of, path_of
from tests.security.test_matrix import ROLES, ids_for
from tests.security.world import dump

pytestmark = [pytest.mark.slow, pytest.mark.sweep]

STRICT = {
    "default-src": {"'none'"},
    "frame-ancestors": {"'none'"},
    "base-uri": {"'none'"},
    "form-action": {"'self'"},
    "connect-src": {"'self'"},
}
# Nothing is found there.
BESIDES = [
    "/nothing-here",
    "/nothing-here/",
    "/app/nothing",
    "/static/none.css",
]


def policy(answer) -> dict[str, set[str]]:
    directives = [part.split() for part in answer["Content-Security-Policy"].split(";")]
    return {words[0]: set(words[1:]) for words in directives if words}


def faults(path: str, answer) -> list[str]:
    wrong = [
        f"{path}: {name} is {answer.get(name)!r}"
        for name, value in (
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        )
        if answer.get(name) != value
    ]
    if answer.get("Referrer-Policy") not in {"same-origin", "no-referrer"}:
        wrong.append(f"{path}: Referrer-Policy is {answer.get('Referrer-Policy')!r}")
    if "camera=()" not in answer.get("Permissions-Policy", ""):
        wrong.append(f"{path}: no Permissions-Policy")
    return wrong + policy_faults(path, policy(answer))


def policy_faults(path: str, found: dict[str, set[str]]) -> list[str]:
    wrong = [
        f"{path}: {name} {found.get(name)}" for name in STRICT if found.get(name) != STRICT[name]
    ]
    allowed = {word for words in found.values() for word in words}
    if not path.startswith("/admin/"):
        wrong += [f"{path}: {word}" for word in allowed if word.startswith("'unsafe-")]
    outside = {
        word for word in allowed if not word.startswith("'") and word not in {"data:", "blob:"}
    }
    return wrong + [f"{path}: {word} is another site" for word in outside]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_every_answer_carries_the_headers_and_none_that_names_anybody_is_kept(world, role):
    """Kept by browsers: a shared computer's Back button shows nothing after signing out."""
    asker, wrong = Asker(world.people.get(role)), []
    names = {world.here.canary, world.beside.canary}
    paths = [path_of(route, ids_for(world.here, route)) for route in TABLE]
    for path in [*paths, *BESIDES]:
        answer = asker.ask("GET", path, {"tab": "all"})
        if answer.status_code >= 500:
            wrong.append(f"{path}: {answer.status_code}")
        wrong += faults(path, answer)
        if answer.status_code == 200 and any(name in text_of(answer) for name in names):
            kept = answer.get("Cache-Control", "")
            if "no-store" not in kept:
                wrong.append(f"{path}: kept by browsers, {kept!r}")
    assert wrong == []


@pytest.mark.django_db(transaction=True)  # closing the file closes the connection
def test_static_files_carry_them():
    answer = Asker(None).ask("GET", "/static/icon.svg")
    assert answer.status_code == 200
    assert faults("/static/icon.svg", answer) == []
    answer.close()


@pytest.mark.django_db
def test_a_broken_page_carries_them_too(world, monkeypatch):
    monkeypatch.setattr("sessions_app.queries.pages.boot", lambda user: 1 / 0)
    answer = Asker(world.people["owner"]).ask("GET", "/app/api/boot")
    assert answer.status_code == 500
    assert faults("/app/api/boot", answer) == []
    assert "ZeroDivisionError" not in answer.content.decode()


@pytest.mark.django_db
def test_pages_hold_no_inline_style_or_script_that_the_policy_stops(world):
    asker, seen = Asker(world.people["owner"]), 0
    for route in TABLE:
        if not route.startswith("admin/"):
            text = text_of(asker.ask("GET", path_of(route, ids_for(world.here, route))))
            assert not re.search(r"\son\w+\s*=|\sstyle\s*=|javascript:", text), route
            for script in re.findall(r"<(?:script|style)\b[^>]*>", text):
                assert "src=" in script or "nonce=" in script or "json" in script, route
                seen += 1
    assert seen


BY_SECRET = {"telegram/<str:key>/"}  # no browser posts there: whoever knows no secret finds nothing


@pytest.mark.django_db
def test_no_address_takes_a_post_without_the_token_of_a_form(world):
    asker, before = Asker(world.people["owner"], enforce_csrf_checks=True), dump()
    for route in TABLE:
        body = naming_keys(world.here) if label_of(route) else naming(world.here)
        answer = asker.ask("POST", path_of(route, ids_for(world.here, route)), body)
        assert answer.status_code == (404 if route in BY_SECRET else 403), route
    assert dump() == before
