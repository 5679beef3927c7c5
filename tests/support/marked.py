"""The texts that are marked for translation, read out of the source without gettext's programs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

from tests.support.source import ROOT, our_files, product_files, tree_of

# A text by its context and its two numbers, as catalogues know it.
Text = tuple[str | None, str, str]

LAZY = {f"{name}_lazy" for name in ("gettext", "ngettext", "pgettext", "npgettext")}
MARKS = {"_", "gettext", "gettext_noop", "ngettext", "pgettext", "npgettext"} | LAZY
STRING = r"""u?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
CALL = re.compile(rf"\b(_|n?p?gettext)\(\s*((?:{STRING})(?:\s*,\s*{STRING})*)?", re.S)


def in_django() -> set[Text]:
    """Of Python and templates: the domain `django`."""
    python = [text for path in product_files() for text in in_python(path)]
    templates = [text for path in _within("templates", "*.html") for text in in_template(path)]
    return {*python, *templates}


def in_javascript() -> set[Text]:
    """The domain `djangojs`."""
    paths = _within("static", "*.js")
    paths.remove(ROOT / "static/app/i18n.js")  # which hands all of them on
    return {text for path in paths for text in _calls(path.read_text(), path)}


def _within(folder: str, pattern: str) -> list[Path]:
    return [path for path in our_files(pattern) if path.is_relative_to(ROOT / folder)]


def in_python(path: Path) -> Iterator[Text]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in MARKS:
                name = "gettext" if name in {"_", "gettext_noop"} else name
                values = [one.value for one in node.args if isinstance(one, ast.Constant)]
                said = [one for one in values if isinstance(one, str)]  # not how many there are
                yield _text(name.removesuffix("_lazy"), said, f"{path}:{node.lineno}")


def in_template(path: Path) -> Iterator[Text]:
    """As makemessages does: Django's own tags become calls."""
    yield from _calls(templatize(path.read_text(), origin=str(path)), path)


def _calls(source: str, path: Path) -> Iterator[Text]:
    for call in CALL.finditer(source):
        if not source[: call.start()].rstrip().endswith("function"):
            said = [ast.literal_eval(one) for one in re.findall(STRING, call[2] or "")]
            yield _text(call[1], said, f"{path}: {call[0]}")


def _text(name: str, said: list[str], place: str) -> Text:
    """Raises ValueError where what is to be translated is not written there as it is."""
    wanted = 1 + name.startswith("n") + ("pgettext" in name)
    if len(said) != wanted:
        raise ValueError(f"{place}: a text that is not written there cannot be translated")
    context = said.pop(0) if "pgettext" in name else None
    return context, said[0], said[1] if len(said) > 1 else ""
