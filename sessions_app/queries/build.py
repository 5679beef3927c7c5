"""The name of what the agents' page runs."""

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders


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


@cache
def notice_worker() -> bytes:
    """A browser lets a service worker serve addresses below its own, so it is none of /static/."""
    path = finders.find("app/notice-worker.js")
    assert isinstance(path, str), "it is one of this project's own files"
    return Path(path).read_bytes()
