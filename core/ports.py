"""Ports: how a lower app tells a higher one, without importing it.

A lower app describes the call in its own `ports.py`; `settings.PORTS` wires it to one dotted path
(as ROOT_URLCONF is), checked at start. The call happens inside the caller's transaction.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string


@cache
def port(name: str) -> Callable[..., Any]:
    """The function wired to `name`. Raises KeyError or ImportError if the wiring is wrong."""
    return cast(Callable[..., Any], import_string(settings.PORTS[name]))
