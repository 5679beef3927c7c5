"""What the console's templates say themselves: icons, faces, links that know they are current."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from sessions_app.console import words

register = template.Library()

SHADES = 8  # .av-0 to .av-7


@register.simple_tag
def icon(name: str) -> SafeString:
    return format_html(
        '<svg class="i" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def nav_link(context: dict[str, Any], name: str, place: Any, picture: str, text: str) -> SafeString:
    address = reverse(name, args=[place.public_id])
    match = context["request"].resolver_match
    current = SafeString(' aria-current="page"') if match and match.view_name == name else ""
    return format_html('<a href="{}"{}>{}{}</a>', address, current, icon(picture), text)


@register.filter
def shade(public_id: UUID | str) -> int:
    """The colour that the agents' page gives the same person."""
    return int(str(public_id)[:4], 16) % SHADES


@register.filter
def initials(name: str) -> str:
    """Of the first and the last word, as on the agents' page."""
    parts = name.split()
    ends = [parts[0], parts[-1]] if len(parts) > 1 else parts
    return "".join(word[0] for word in ends).upper() or "?"


@register.filter
def waited(since: datetime | None, now: datetime) -> str:
    return words.span((now - since).total_seconds()) if since else ""


@register.filter
def length_of(span: timedelta) -> str:
    return words.span(span.total_seconds())


@register.filter
def account_name(name: str) -> str:
    """Of what became of past sessions: in fact, or by which rules."""
    return {
        "was": _("in fact"),
        "now": _("by the rules of now"),
        "tried": _("with your changes"),
    }[name]
