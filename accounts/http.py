"""Who asks: a request whose user is real, which is what views behind `login_required` get; and the
language in which that person is answered."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from accounts.models import User


class SignedInRequest(HttpRequest):
    user: User


class OwnLanguage:
    """The language that the person has chosen, before that of cookie and browser.

    Stands behind LocaleMiddleware, which asks those two, and behind the user. Who brings no session
    is nobody: the database is not asked.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            language = getattr(request.user, "language", "")
            if language in dict(settings.LANGUAGES):
                translation.activate(language)
                request.LANGUAGE_CODE = language
        return self.get_response(request)


def remember_language(answer: HttpResponse, language: str) -> None:
    """In this browser, for whoever is not signed in; empty: forget it."""
    if not language:
        answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
        return
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
