"""Foreign keys and imports between apps point down the ladder only."""

import ast
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Field, Model

from tests.support.source import name_of, our_apps, product_files, tree_of

# neighbours, which do not refer to each other, share a rung
LADDER = [
    {"tgstaff"},
    {"insights"},
    {"sessions_app"},
    {"routing", "redirects"},
    {"bots"},
    {"projects"},
    {"accounts"},
    {"live"},
    {"core"},
]
RUNG = {app: place for place, rung in enumerate(LADDER) for app in rung}

# What one app may take from another. core is for everybody, tgstaff only assembles.
SHARED = {"models", "queries", "actions", "events", "errors", "client", "http"}
SHARED |= {"choice", "hours", "rehearsal"}
ROOMS = {
    # The feed's socket is written to be subclassed, by the app that knows who its people are.
    ("sessions_app", "live.sockets"),
    # The managers' console is one room, whichever app a page of it comes from.
    ("insights", "sessions_app.console"),
}


def relations() -> Iterator[tuple[type[Model], Any]]:
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if isinstance(field, Field) and field.is_relation and not field.auto_created:
                yield model, field


def is_downward(one: str, other: str) -> bool:
    return one == other or RUNG[one] < RUNG[other]


def test_every_app_stands_on_the_ladder():
    assert set(our_apps()) <= set(RUNG)


def test_foreign_keys_point_down():
    wrong = [
        f"{model._meta.label}.{field.name} -> {target}"
        for model, field in relations()
        if model._meta.app_label in RUNG
        and (target := field.related_model._meta.app_label) in RUNG
        and not is_downward(model._meta.app_label, target)
    ]
    assert wrong == []


def test_the_ladder_is_told_from_our_own_tables():
    """Guards the test above against passing because it finds nothing."""
    found = {(model._meta.label, field.name) for model, field in relations()}
    assert ("bots.Bot", "project") in found


def imports_of_other_apps() -> Iterator[tuple[str, str, list[str]]]:
    """(file, module of another app, names taken from it)."""
    for path in product_files():
        own = name_of(path).split("/")[0]
        for node in ast.walk(tree_of(path)):
            for module, names in _imported(node):
                if module.split(".")[0] not in {own, "core"} and module.split(".")[0] in RUNG:
                    yield name_of(path), module, names


def _imported(node: ast.AST) -> list[tuple[str, list[str]]]:
    if isinstance(node, ast.ImportFrom) and node.module:
        names = [alias.name for alias in node.names]
        if "." in node.module:
            return [(node.module, names)]
        return [(f"{node.module}.{name}", []) for name in names]  # from bots import queries
    if isinstance(node, ast.Import):
        return [(alias.name, []) for alias in node.names]
    return []


def test_apps_take_only_what_is_shared_from_each_other():
    wrong = []
    for file, module, names in imports_of_other_apps():
        own, (other, part) = file.split("/")[0], module.split(".")[:2]
        if own == "tgstaff" or (own, f"{other}.{part}") in ROOMS:
            continue
        if part not in SHARED or any(name.startswith("_") for name in names):
            wrong.append(f"{file}: {module} {names}")
    assert wrong == []
