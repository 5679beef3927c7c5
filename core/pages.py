"""HTML at the edge: a refusal becomes a page, a message, or an error of the form."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from core.errors import Refusal

R = TypeVar("R")
View = Callable[..., HttpResponseBase]


def page(view: View) -> View:
    """A page for signed-in people, never cached. Refusal `not_found` becomes the 404 page, any
    other one that the view lets through a page that says why."""

    @never_cache
    @login_required
    @wraps(view)
    def endpoint(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Refusal as refusal:
            if refusal.code == "not_found":
                raise Http404 from None
            return render(request, "refused.html", {"refusal": refusal}, status=refusal.status)

    return endpoint


def refused(form: forms.BaseForm, action: Callable[[], R]) -> R | None:
    """What the action returns, or None with its refusal among the form's errors."""
    try:
        return action()
    except Refusal as refusal:
        if refusal.code == "not_found":
            raise
        add_refusal(form, refusal)
        return None


def add_refusal(form: forms.BaseForm, refusal: Refusal) -> None:
    """`invalid` may name fields: {field: [messages]}."""
    fields = {name: texts for name, texts in refusal.data.items() if name in form.fields}
    for name, texts in fields.items():
        form.add_error(name, texts)
    if not fields:
        form.add_error(None, str(refusal.message))


@contextmanager
def told(request: HttpRequest) -> Iterator[None]:
    """A refusal inside is told on the next page that the person sees."""
    try:
        yield
    except Refusal as refusal:
        if refusal.code == "not_found":
            raise
        messages.error(request, str(refusal.message))
