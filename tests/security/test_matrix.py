"""Every address, asked by everybody, with ids of their own place and of places they must not see."""

import uuid

import pytest
from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path

from accounts.models import User
from tests.security.asking import Asker, is_refused, naming, naming_keys, said, text_of
from tests.security.routes import (
    MODELS,
    OF_MODELS,
    PAGES,
    SITE,
    TABLE,
    apps_of_the_admin,
    folder,
    label_of,
    path_of,
    routes,
    takes_ids,
)
from tests.security.world import Place, World, dump

pytestmark = pytest.mark.slow

ROLES = ["anonymous", "owner", "manager", "agent", "support", "staff"]
STRANGERS = [role for role in ROLES if role != "staff"]
# For an agent the other project of his own company is as foreign as another company's.
FOREIGN = [*((role, "there") for role in STRANGERS), ("agent", "beside"), ("support", "beside")]
EXITS = {"sign-out/", "admin/logout/"}
TOKEN = "c0ffee-" + "f" * 32


def asker(world: World, role: str, route: str = "") -> Asker:
    """The same browser for all they ask, until they sign out."""
    found: Asker | None = world.askers.get(role)
    if found is None or route in EXITS:
        found = Asker(world.people.get(role))
    if route not in EXITS:
        world.askers[role] = found
    return found


def ids_for(place: Place, route: str) -> dict[str, object]:
    label = label_of(route)
    row = place.rows.get(label) if label else place.company
    return {
        **place.ids,
        "token": TOKEN,
        "content_type_id": 1,
        "object_id": row.pk if row else 1,
    }


def missing_ids(ids: dict[str, object]) -> dict[str, object]:
    """Ids of the same kinds that lead nowhere."""
    nowhere: dict[str, object] = {
        name: uuid.uuid4() for name in ids if name not in {"token", "content_type_id", "kind"}
    }
    if isinstance(ids["object_id"], int):
        nowhere["object_id"] = 99_999_999
    return {**ids, **nowhere}


# ---------------------------------------------------------------- the table


def test_every_route_is_declared():
    assert sorted(set(routes()) ^ set(TABLE)) == []


def test_every_model_of_the_admin_is_declared():
    assert {model._meta.label for model in admin.site._registry} == set(MODELS)


# ---------------------------------------------------------------- one's own place


@pytest.mark.django_db
@pytest.mark.sweep
@pytest.mark.parametrize("role", ROLES)
def test_routes_open_to_whom_the_table_says_and_show_nothing_foreign(world, role):
    wrong = []
    for route, declared in TABLE.items():
        if label_of(route) and "object_id" in route and label_of(route) not in world.here.rows:
            continue  # nobody has such a row: see the lists
        answer = asker(world, role, route).ask(
            declared.method,
            path_of(route, ids_for(world.here, route)),
            naming(world.here) if declared.method == "POST" else {"tab": "all"},
        )
        if answer.status_code >= 500 or is_refused(answer) == (role in declared.who):
            wrong.append(f"{declared.method} {route}: {answer.status_code}")
        if role != "staff" and world.there.canary in text_of(answer):
            wrong.append(f"{route} names the other company")
    assert wrong == []


@pytest.mark.django_db
def test_an_apps_page_of_the_admin_shows_nothing_foreign(world):
    owner = asker(world, "owner")
    for app in apps_of_the_admin():
        answer = owner.ask("GET", f"/admin/{app}/")
        assert answer.status_code == (404 if app in {"auth", "axes", "core"} else 200), app
        assert world.there.canary not in text_of(answer)


# ---------------------------------------------------------------- foreign ids in addresses


@pytest.mark.django_db
@pytest.mark.sweep
@pytest.mark.parametrize(("role", "where"), FOREIGN)
def test_foreign_ids_are_answered_like_missing_ones_and_change_nothing(world, role, where):
    place, wrong, before = getattr(world, where), [], dump()
    for route in filter(takes_ids, TABLE):
        ids = ids_for(place, route)
        for method in ("GET", "POST"):
            foreign = _answer(world, role, method, route, ids, place)
            missing = _answer(world, role, method, route, missing_ids(ids), place)
            if foreign != missing:
                wrong.append(f"{method} {route}: {foreign[:2]}, and {missing[:2]} when missing")
            if foreign[0] in {200, 201} or foreign[0] >= 500:
                wrong.append(f"{method} {route}: {foreign[0]}")
            if place.canary in str(foreign):
                wrong.append(f"{method} {route} names what is foreign")
    assert wrong == []
    assert dump() == before


def _answer(world, role, method, route, ids, place):
    body = naming_keys(place) if label_of(route) else naming(world.here)
    answer = asker(world, role).ask(
        method, path_of(route, ids), body if method == "POST" else {"tab": "all"}
    )
    return said(answer, *ids.values())


# ---------------------------------------------------------------- foreign ids in bodies and queries


def belongs(place: Place, label: str, row: dict[str, object]) -> bool:
    """Whether the row is the place's, or refers to it."""
    keys = {
        "company_id": place.company.pk,
        "project_id": place.project.pk,
        "bot_id": place.bot.pk,
        "agent_id": place.agent.pk,
        "owner_id": place.agent.pk,
        "user_id": place.agent.user_id,
        "customer_id": place.customer.pk,
        "session_id": place.session.pk,
        "pool_id": place.rows["routing.Pool"].pk,
    }
    own = place.rows.get(label)
    return (own is not None and own.pk == row.get("id")) or any(
        row.get(name) == key for name, key in keys.items()
    )


def rows_of(place: Place) -> dict[str, list[dict[str, object]]]:
    return {
        label: [row for row in rows if belongs(place, label, row)] for label, rows in dump().items()
    }


@pytest.mark.django_db
@pytest.mark.sweep
@pytest.mark.parametrize("role", ["owner", "manager", "agent", "support"])
def test_foreign_ids_in_a_body_reach_nothing(world, role):
    wrong, before = [], rows_of(world.there)
    for route in [*PAGES, *SITE, *OF_MODELS]:
        path = path_of(route, ids_for(world.here, route))
        body = naming_keys(world.there) if label_of(route) else naming(world.there)
        for method in ("POST", "GET"):
            answer = asker(world, role, route).ask(method, path, body)
            if answer.status_code >= 500 or world.there.canary in text_of(answer):
                wrong.append(f"{method} {route}: {answer.status_code}")
    assert wrong == []
    assert rows_of(world.there) == before


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["owner", "manager", "agent"])
def test_foreign_sessions_are_no_place_to_go_on_from(world, role):
    path = f"/app/api/projects/{world.here.project.public_id}/sessions"
    query = {"tab": "all", "after": str(world.there.session.public_id)}
    answer = asker(world, role).ask("GET", path, query)
    assert world.there.canary not in text_of(answer)
    query["after"] = str(uuid.uuid4())
    assert said(answer) == said(asker(world, role).ask("GET", path, query))


# ---------------------------------------------------------------- the admin's other doors


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["owner", "manager"])
def test_actions_of_the_admin_reach_nothing_foreign(world, role):
    before, asked = rows_of(world.there), 0
    for model, its_admin in admin.site._registry.items():
        label = model._meta.label
        for action in [*(its_admin.actions or ()), "delete_selected"]:
            name = action if isinstance(action, str) else action.__name__
            sent = {
                "action": name,
                "_selected_action": [world.there.key(label)] if label in world.there.rows else [1],
                "agent": world.here.agent.pk,
                "index": 0,
                "post": "yes",
            }
            answer = asker(world, role).ask("POST", f"/{folder(label)}", sent)
            assert answer.status_code in {200, 302, 403}, (label, name)
            assert world.there.canary not in text_of(answer), (label, name)
            asked += 1
    assert asked > len(MODELS)
    assert rows_of(world.there) == before


@pytest.mark.django_db
def test_autocomplete_offers_nothing_foreign(world):
    owner, found = asker(world, "owner"), 0
    for model in admin.site._registry:
        for field in [*model._meta.fields, *model._meta.many_to_many]:
            if field.is_relation:
                query = {
                    "app_label": model._meta.app_label,
                    "model_name": model._meta.model_name,
                    "field_name": field.name,
                }
                for term in ("", "Qz"):
                    answer = owner.ask("GET", "/admin/autocomplete/", {**query, "term": term})
                    assert world.there.canary not in text_of(answer), query
                    found += answer.status_code == 200 and "Qzwren" in text_of(answer)
    assert found  # what is their own is offered, so the question was understood


@pytest.mark.django_db
def test_searches_and_filters_find_nothing_foreign(world):
    owner, wrong = asker(world, "owner"), []
    for model, its_admin in admin.site._registry.items():
        label = model._meta.label
        filters = [name for name in its_admin.list_filter if isinstance(name, str)]
        keys = naming_keys(world.there)
        queries = [
            {"q": world.there.canary[:-1]},
            *(
                {f"{name}__id__exact": keys[name]}
                for name in filters
                if get_fields_from_path(model, name)[-1].is_relation
            ),
        ]
        for query in queries:
            if world.there.canary in text_of(owner.ask("GET", f"/{folder(label)}", query)):
                wrong.append(f"{label}: {query}")
    assert wrong == []


@pytest.mark.django_db
def test_forms_of_the_admin_offer_nothing_foreign(world):
    owner = asker(world, "owner")
    for path in ("add/", "add/?_popup=1&company={company}&project={project}&user={user}"):
        for label in MODELS:
            answer = owner.ask("GET", f"/{folder(label)}" + path.format(**naming_keys(world.there)))
            assert answer.status_code in {200, 403}, label
            assert world.there.canary not in text_of(answer), label


@pytest.mark.django_db
def test_what_nobody_declared_cannot_be_asked_of_a_list(world):
    """A lookup on a field that is no filter would tell somebody's password letter by letter."""
    owner = asker(world, "owner")
    for label, question in [
        ("accounts.User", "password__startswith"),
        ("accounts.Membership", "user__password__startswith"),
        ("bots.Bot", "token__startswith"),
        ("projects.Agent", "user__password__startswith"),
        ("sessions_app.ChatSession", "project__company__name__startswith"),
    ]:
        answers = [
            said(owner.ask("GET", f"/{folder(label)}", {question: guess})) for guess in ("a", "m")
        ]
        assert answers[0][0] in {302, 400, 403}, label
        assert answers[0] == answers[1], label


def test_nobody_deletes_in_the_admin(rf):
    """Not even platform staff: what ends is archived, removed or disabled."""
    request = rf.get("/admin/")
    request.user = User(is_superuser=True, is_staff=True)
    for model, its_admin in admin.site._registry.items():
        assert not its_admin.has_delete_permission(request), model
        assert "delete_selected" not in its_admin.get_actions(request), model
