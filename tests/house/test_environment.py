"""`.env.example` names every variable the settings and the Procfile read, and no other."""

import ast
import re

from tests.support.source import ROOT, name_of, product_files, tree_of

# NAME=value, or "# NAME=value" for what is better left alone
LINE = re.compile(r"^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)
SETTINGS = ROOT / "tgstaff" / "settings.py"
# Names of the environment that are no settings: Django's, and the starter's own.
ELSEWHERE = {"DJANGO_SETTINGS_MODULE"}


def read_by_settings() -> list[str]:
    return [
        ast.literal_eval(node.args[0])
        for node in ast.walk(tree_of(SETTINGS))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) == "env"
        and node.func.attr in {"str", "bool", "int", "float", "list"}
    ]


def read_by_the_procfile() -> list[str]:
    return re.findall(r"\$\{([A-Z_]+)", (ROOT / "Procfile").read_text())


def named_in_the_example() -> list[str]:
    return [name for name, _ in LINE.findall((ROOT / ".env.example").read_text())]


def test_it_names_every_variable_once():
    named = named_in_the_example()
    assert sorted(named) == sorted(set(named))
    assert {*read_by_settings(), *read_by_the_procfile()} - set(named) == set()


def test_it_names_nothing_that_is_not_read():
    assert len(read_by_settings()) > 20
    read = {*read_by_settings(), *read_by_the_procfile()}
    assert set(named_in_the_example()) - read == set()


def test_settings_are_the_only_door_to_the_environment():
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in product_files()
        if path != SETTINGS and "launch" not in path.parts  # launch makes the environment
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute | ast.Call)
        and ast.unparse(node).startswith(("os.environ", "os.getenv", "getenv"))
        and not any(name in ast.unparse(node) for name in ELSEWHERE)
        and ast.unparse(node) not in {"os.environ", "os.environ.setdefault"}
    ]
    assert wrong == []
