"""The name of what the agents' page runs."""

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings


@cache
def build() -> str:
    """Another name after every change of the static files: a page that hears it reloads itself.

    The same in all processes of one release, whenever they were started.
    """
    digest = hashlib.sha256()
    for folder in settings.STATICFILES_DIRS:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
