"""The project's own files, read as text and as syntax trees."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent.parent
# what is installed or made, not written
NOT_OURS = {"node_modules", "vendor", "staticfiles", "test-results"}


def our_files(pattern: str = "*") -> list[Path]:
    """Every file of the project that fits, without hidden folders and what is installed."""
    return sorted(path for path in _walk(ROOT) if path.match(pattern))


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            hidden = path.name.startswith(".") and path.name != ".ci"
            if not hidden and path.name not in NOT_OURS | {"__pycache__"}:
                yield from _walk(path)
        elif path.suffix != ".pyc" and path.name not in {".env", ".git"}:
            yield path


def our_apps() -> list[str]:
    """Our Django apps, by label."""
    return [config.label for config in apps.get_app_configs() if Path(config.path).parent == ROOT]


def product_files() -> list[Path]:
    """Python that runs in production: the apps and what assembles them, without migrations."""
    tops = {*our_apps(), "tgstaff"}
    return [
        path
        for path in our_files("*.py")
        if name_of(path).split("/")[0] in tops and "migrations" not in path.parts
    ]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def calls_of(path: Path, dotted: str) -> Iterator[ast.Call]:
    """The calls in a file that are written as `dotted`, such as "kick.task"."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == dotted:
            yield node
