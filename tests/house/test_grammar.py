"""Inside every app the same files with the same names, none of them long."""

from pathlib import Path

import pytest
from django.apps import apps

from tests.support.source import ROOT, name_of, our_apps, our_files, product_files

GRAMMAR = {
    "urls",
    *("views", "sockets", "gateway", "tasks", "periodic", "health", "admin", "management"),
    "forms",
    "actions",
    *("delivery", "client", "wire"),
    *("queries", "events", "ports"),
    "models",
    *("errors", "metrics"),
    *("apps", "migrations", "__init__", "templatetags"),
}
EXTRA = {
    # pure rules, plain data in and plain data out: just above `errors`
    "routing/choice",
    "routing/hours",
    "routing/rehearsal",
    "redirects/capture",
    "redirects/reading",
    # the public path: the door, what it shares with the view, memory, group commit, disk
    *(f"redirects/{part}" for part in ("edge", "opening", "table", "writer", "spool")),
    "sessions_app/telegram",
    "sessions_app/texts",
    # who asks: the type of a request whose user is real, and that person's language
    "accounts/http",
    # the doctor's: facts in, findings out
    "insights/checks",
    # the managers' console: a room of its own with the same grammar inside
    "sessions_app/console",
}
LINES = 400


def parts_of(app: str) -> list[str]:
    folders = [path for path in (ROOT / app).iterdir() if any(path.glob("*.py"))]
    files = (ROOT / app).glob("*.py")
    return sorted({path.stem for path in (*folders, *files)} - {"__pycache__"})


@pytest.mark.parametrize("app", [app for app in our_apps() if app != "core"])
def test_an_app_holds_only_files_of_the_grammar(app):
    odd = [part for part in parts_of(app) if part not in GRAMMAR and f"{app}/{part}" not in EXTRA]
    assert odd == []


def test_every_exception_from_the_grammar_exists():
    for name in EXTRA:
        assert Path(ROOT, f"{name}.py").exists() or Path(ROOT, name, "__init__.py").exists()


def test_no_python_file_is_longer_than_400_lines():
    written = [path for path in our_files("*.py") if "migrations" not in path.parts]
    assert len(written) > 50
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in written}
    assert {name: length for name, length in lengths.items() if length > LINES} == {}


def test_no_model_orders_by_itself():
    wrong = [
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label in our_apps() and model._meta.ordering
    ]
    assert wrong == []


def test_modules_of_the_same_name_as_a_package_do_not_exist():
    both = [name_of(path) for path in product_files() if path.with_suffix("").is_dir()]
    assert both == []
