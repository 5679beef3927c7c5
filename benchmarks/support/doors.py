"""The floors of the public path: two ASGI applications that keep nothing, for the product's server.

`empty` answers by itself; `view` is Django with one view that says "hi" and no middleware.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path


async def empty(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def hi(request: HttpRequest, word: str) -> HttpResponse:
    return HttpResponse("hi")


urlpatterns = [path("<str:word>", hi)]


def _view() -> Any:
    from django.core.asgi import get_asgi_application

    settings.configure(
        SECRET_KEY="floor", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[], DEBUG=False
    )
    return get_asgi_application()


def __getattr__(name: str) -> Any:
    """`view` is made when it is asked for: Django can be set up once in a process."""
    if name != "view":
        raise AttributeError(name)
    return _view()
