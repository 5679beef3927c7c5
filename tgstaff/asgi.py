import os
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tgstaff.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import CookieMiddleware
from django.core.asgi import get_asgi_application

behind = get_asgi_application()

from django.urls import path

from redirects.edge import Edge
from sessions_app.sockets import AppSocket

# path() is typed for views; channels routes ASGI applications with it all the same
sockets = [path("ws/app/", cast(Any, AppSocket.as_asgi()))]

application = Edge(
    ProtocolTypeRouter(
        {
            "http": behind,
            "websocket": AllowedHostsOriginValidator(
                CookieMiddleware(URLRouter(cast(Any, sockets)))
            ),
        }
    )
)
