"""A request whose user is real: what views behind `login_required` get."""

from django.http import HttpRequest

from accounts.models import User


class SignedInRequest(HttpRequest):
    user: User
