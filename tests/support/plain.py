"""The product without its fast door to links: Django answers everything."""

from django.core.asgi import get_asgi_application

application = get_asgi_application()
