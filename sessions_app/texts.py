"""An agent's text as Telegram takes it. Pure; low in the grammar, beside `errors`.

Telegram's limit is 4,096 UTF-16 units a message (https://core.telegram.org/bots/api#sendmessage).
A longer text is sent in parts, one after the other, and stays one message here.
"""

import unicodedata

from django.utils.translation import gettext_lazy as _

from core.text import storable, utf16_length
from sessions_app.errors import invalid

PART = 4_096
LONGEST = 10 * PART
# Where a text may be parted, the best first.
BORDERS = ("\n\n", "\n", ". ", " ")

JOINER = "\u200d"
MARKS = {"Mn", "Mc", "Me"}  # accents, vowel signs, variation selectors
TONES = tuple(map(chr, range(0x1F3FB, 0x1F400)))
FLAGS = tuple(map(chr, range(0x1F1E6, 0x1F200)))  # a flag is two of these letters


def sendable(text: object) -> str:
    """The text without the white space around it, which Telegram would cut off.

    Raises Refusal `invalid` if it is no text, empty, or longer than 40,960 UTF-16 units.
    """
    if not isinstance(text, str):
        raise invalid(_("The text must be text."))
    text = storable(text).strip()
    if not text:
        raise invalid(_("There is nothing to send."))
    length = utf16_length(text)
    if length > LONGEST:
        message = _("The text is too long: %(length)d of at most %(limit)d characters.")
        numbers = {"length": length, "limit": LONGEST}
        raise invalid(message % numbers, **numbers)
    return text


def parts(text: str) -> list[str]:
    """The text in pieces of at most 4,096 UTF-16 units, parted between paragraphs, lines,
    sentences or words where that is possible. Joined they hold every word."""
    pieces = []
    while text:
        cut = len(text) if utf16_length(text) <= PART else _cut(text)
        pieces.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return pieces


def _cut(text: str) -> int:
    """Where to part: at the best border in the second half of what fits, else where it ends."""
    fits = _fitting(text)
    for border in BORDERS:
        place = text.rfind(border, fits // 2, fits)
        if place > 0:
            return place + len(border)
    return fits


def _fitting(text: str) -> int:
    """How many characters fit in one part; those beyond the basic plane take two units.

    What people see as one character (a letter with its accents, a family of emoji) stays whole.
    """
    units = whole = 0
    for count, character in enumerate(text):
        units += 2 if character > "\uffff" else 1
        if units > PART:
            return whole or count
        if not _goes_on(character, text[count + 1 : count + 2]):
            whole = count + 1
    return len(text)


def _goes_on(character: str, following: str) -> bool:
    """Whether the next one belongs to the same sign.

    The rules that matter of https://www.unicode.org/reports/tr29/: marks, joiners, skin tones,
    flags. Two flags side by side may stay together; only a part's end is moved by that.
    """
    is_mark = unicodedata.category(following) in MARKS if following else False
    is_flag = character in FLAGS and following in FLAGS
    is_joined = JOINER in (character, following)
    return bool(following) and (is_mark or is_joined or is_flag or following in TONES)
