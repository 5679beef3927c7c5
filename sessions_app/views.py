"""The agents' page and its JSON API (docs/live-protocol.md), and the guide for people."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from accounts.models import User
from core import tx
from core.http import api, body
from sessions_app import forms
from sessions_app.actions import changes, erasure, messages, ownership, pings
from sessions_app.actions.status import choose_status
from sessions_app.events import ping_payload
from sessions_app.models import ChatSession, Message
from sessions_app.queries import guide as guides
from sessions_app.queries import pages
from sessions_app.queries.access import (
    access_agent,
    access_message,
    access_ping,
    access_session,
)
from sessions_app.queries.build import build, notice_worker

Json = dict[str, Any]


@never_cache
@login_required
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "sessions_app/app.html", {"build": build()})


@require_safe
@cache_control(no_cache=True)
def notices(request: HttpRequest) -> HttpResponse:
    """The page's service worker, which reaches no further than its own address."""
    return HttpResponse(notice_worker(), content_type="text/javascript; charset=utf-8")


@require_safe
def guide(request: HttpRequest, name: str) -> HttpResponse:
    """Open to everybody: who cannot sign in needs it most."""
    contents = [(guides.guide(one), guides.address(one)) for one in guides.NAMES]
    context = {"guide": guides.guide(name), "contents": contents}
    return render(request, "sessions_app/guide.html", context)


# ---------------------------------------------------------------- reads


@api("GET")
def boot(request: HttpRequest) -> Json:
    return pages.boot(_user(request))


@api("GET")
def snapshot(request: HttpRequest, project_id: UUID) -> Json:
    return pages.snapshot(_user(request), project_id)


@api("GET")
def sessions(request: HttpRequest, project_id: UUID) -> Json:
    tab, after = forms.tab(request.GET), forms.after(request.GET)
    return pages.session_page(_user(request), project_id, tab=tab, after=after)


@api("GET")
def session(request: HttpRequest, session_id: UUID) -> Json:
    before = forms.before(request.GET)
    return pages.session_detail(_user(request), session_id, before=before)


# ---------------------------------------------------------------- writes


@api("POST")
def presence(request: HttpRequest) -> Json:
    sent = body(request)
    status, is_confirmed = forms.text(sent, "status"), forms.flag(sent, "confirmed")
    tx.run(choose_status, user=_user(request), status=status, is_confirmed=is_confirmed)
    return {"status": status}


@api("POST")
def ping(request: HttpRequest) -> Json:
    """A test ping to one's own pages."""
    user = _user(request)
    return {"ping": ping_payload(tx.run(pings.send_ping, user=user, sender=user))}


@api("POST")
def receipt(request: HttpRequest, ping_id: UUID) -> Json:
    ping, sent = access_ping(_user(request), ping_id), body(request)
    tx.run(
        pings.record_receipt,
        ping=ping,
        connection_id=forms.connection(sent),
        visible=forms.flag(sent, "visible"),
        notify=forms.permission(sent),
        shown=forms.flag(sent, "shown"),
    )
    return {}


@api("POST")
def reply(request: HttpRequest, session_id: UUID) -> Json:
    user, sent = _user(request), body(request)
    _, session = access_session(user, session_id)
    message = tx.run(
        messages.reply,
        session=session,
        actor=user,
        key=forms.key(sent),
        text=forms.text(sent, "text"),
        reply_to=forms.reply_to(sent),
    )
    return pages.session_now(user, session_id, message_id=message.public_id)


@api("POST")
def claim(request: HttpRequest, session_id: UUID) -> Json:
    return _by_hand(request, session_id, ownership.claim)


@api("POST")
def complete(request: HttpRequest, session_id: UUID) -> Json:
    return _by_hand(request, session_id, ownership.complete)


@api("POST")
def reopen(request: HttpRequest, session_id: UUID) -> Json:
    return _by_hand(request, session_id, ownership.reopen)


@api("POST")
def transfer(request: HttpRequest, session_id: UUID) -> Json:
    sent = body(request)
    agent_id, reason = forms.agent(sent), forms.text(sent, "reason")
    if agent_id is None:
        return _by_hand(request, session_id, ownership.put_back, reason=reason)
    _, session = access_session(_user(request), session_id)
    to = access_agent(session, agent_id)
    return _by_hand(request, session_id, ownership.transfer, to=to, reason=reason)


@api("POST")
def erase(request: HttpRequest, session_id: UUID) -> Json:
    """The session's customer, with all of his sessions."""
    forms.key(body(request))
    user = _user(request)
    _, session = access_session(user, session_id)
    tx.run(erasure.erase, customer=session.customer, actor=user)
    return pages.session_now(user, session_id)


@api("POST")
def read(request: HttpRequest, session_id: UUID) -> Json:
    seen = forms.seen(body(request))
    viewer, session = access_session(_user(request), session_id)
    if viewer.agent:
        seen = tx.run(messages.mark_read, session=session, agent=viewer.agent, seen=seen)
    return {"seen": seen}


@api("POST")
def resend(request: HttpRequest, session_id: UUID) -> Json:
    return _change(request, session_id, changes.resend)


@api("POST")
def confirm(request: HttpRequest, session_id: UUID) -> Json:
    return _change(request, session_id, changes.confirm)


@api("POST")
def edit(request: HttpRequest, session_id: UUID) -> Json:
    return _change(request, session_id, changes.edit, text=forms.text(body(request), "text"))


@api("POST")
def recall(request: HttpRequest, session_id: UUID) -> Json:
    return _change(request, session_id, changes.recall)


def _change(
    request: HttpRequest, session_id: UUID, action: Callable[..., Message], **how: Any
) -> Json:
    user, sent = _user(request), body(request)
    key, message_id = forms.key(sent), forms.message(sent)
    _, session = access_session(user, session_id)
    message = access_message(session, message_id)
    tx.run(action, session=session, actor=user, message=message, key=key, **how)
    return pages.session_now(user, session_id, message_id=message_id)


def _by_hand(
    request: HttpRequest, session_id: UUID, action: Callable[..., ChatSession], **how: Any
) -> Json:
    """Every one of these may be repeated: what is done already is done again without effect."""
    forms.key(body(request))
    user = _user(request)
    _, session = access_session(user, session_id)
    tx.run(action, session=session, actor=user, **how)
    return pages.session_now(user, session_id)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # core.http.api and login_required let nobody else in
    return request.user
