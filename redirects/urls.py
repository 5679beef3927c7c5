from django.urls import path, register_converter

from redirects import views
from redirects.models import CODE_LENGTH


class Code:
    """A link's code: no other page of ours is named like one."""

    regex = rf"[0-9A-Za-z]{{{CODE_LENGTH}}}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Code, "code")

app_name = "redirects"
urlpatterns = [path("<code:code>", views.follow, name="follow")]
