import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tgstaff.settings")

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

http = get_asgi_application()

from django.urls import path

from sessions_app.sockets import AppSocket

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter([path("ws/app/", AppSocket.as_asgi())]))
        ),
    }
)
