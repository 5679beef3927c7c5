"""Reads of the feed. Numbers are dense and in the order of commits, so reading on by number
misses nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from core import clock
from live.models import Event, Feed


def head(stream: UUID) -> int:
    """The number of the newest event; 0 before the first."""
    return Feed.objects.filter(pk=stream).values_list("head", flat=True).first() or 0


def heads(streams: Collection[UUID]) -> dict[UUID, int]:
    """The heads of many streams in one query."""
    known = dict(Feed.objects.filter(pk__in=streams).values_list("stream", "head"))
    return {stream: known.get(stream, 0) for stream in streams}


def events_after(stream: UUID, number: int, limit: int) -> list[Event]:
    """The next events after `number`, oldest first. If some of them are purged, it is what is left:
    look at the first number."""
    later = Event.objects.filter(stream=stream, number__gt=number)
    return list(later.order_by("number")[:limit])


def person_of(session_key: str) -> Any:
    """The user who is signed in with this session; None if there is none."""
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    return user if user.is_authenticated else None


@dataclass(frozen=True)
class SignIn:
    """What a person showed at the door. `auth_hash` changes with the password."""

    session_key: str
    user_id: int
    auth_hash: str


def ended(sign_ins: Collection[SignIn]) -> set[SignIn]:
    """Those that hold no more: signed out, expired, account disabled or password changed."""
    keys = {sign_in.session_key for sign_in in sign_ins}
    sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=clock.now())
    valid = set(sessions.values_list("session_key", flat=True))
    users = get_user_model().objects.filter(pk__in={s.user_id for s in sign_ins}, is_active=True)
    hashes = {user.pk: user.get_session_auth_hash() for user in users}
    return {
        sign_in
        for sign_in in sign_ins
        if sign_in.session_key not in valid or hashes.get(sign_in.user_id) != sign_in.auth_hash
    }
