"""HTML to entities, and the entities Telegram finds by itself: offsets in UTF-16 units."""

import pytest

from simulator.entities import found_entities, parse_html
from simulator.errors import ApiError


def marks(entities):
    return [(entity["type"], entity["offset"], entity["length"]) for entity in entities]


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("<b>a</b><strong>b</strong>", "ab", [("bold", 0, 1), ("bold", 1, 1)]),
        ("<i>a</i> <em>b</em>", "a b", [("italic", 0, 1), ("italic", 2, 1)]),
        ("<u>a</u><ins>b</ins>", "ab", [("underline", 0, 1), ("underline", 1, 1)]),
        ("<s>a</s><del>b</del>", "ab", [("strikethrough", 0, 1), ("strikethrough", 1, 1)]),
        ("<code>a</code>", "a", [("code", 0, 1)]),
        ("<tg-spoiler>a</tg-spoiler>", "a", [("spoiler", 0, 1)]),
        ('<span class="tg-spoiler">a</span>', "a", [("spoiler", 0, 1)]),
        ("<blockquote>a</blockquote>", "a", [("blockquote", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ("😀 <b>x<i>y</i></b>", "😀 xy", [("bold", 3, 2), ("italic", 4, 1)]),
        ("&lt;b&gt; &amp; &quot; &#65; &nbsp;", '<b> & " A &nbsp;', []),
        ("a & b", "a & b", []),
        ("<b></b>x", "x", []),
        ("<B>x</B>", "x", [("bold", 0, 1)]),
    ],
)
def test_it_reads_html(source, text, expected):
    parsed, entities = parse_html(source)
    assert (parsed, marks(entities)) == (text, expected)


def test_it_keeps_addresses_and_languages():
    _, (link, block) = parse_html(
        '<a href="https://a.b/?x=1&amp;y=2">l</a><pre><code class="language-py">c</code></pre>'
    )
    assert link["url"] == "https://a.b/?x=1&y=2"
    assert (block["type"], block["language"]) == ("pre", "py")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<x>a</x>", 'Unsupported start tag "x" at byte offset 0'),
        ("ü <> b", 'Unsupported start tag "" at byte offset 3'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        (
            "<b>a</i>",
            'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"',
        ),
    ],
)
def test_it_says_why_html_cannot_be_read(source, reason):
    with pytest.raises(ApiError) as caught:
        parse_html(source)
    assert caught.value.description == f"Bad Request: can't parse entities: {reason}"


def test_it_finds_links_commands_mentions_and_hashtags():
    text = "😀 /help https://a.b/c. @somebody #tag me@a.org"
    assert marks(found_entities(text)) == [
        ("bot_command", 3, 5),
        ("url", 9, 13),
        ("mention", 24, 9),
        ("hashtag", 34, 4),
        ("email", 39, 8),
    ]


def test_it_moves_entities_along_when_it_trims(telegram):
    person = telegram.customer()
    message = telegram.call("sendMessage", chat_id=person, text="  <b>x </b> ", parse_mode="HTML")
    assert (message["text"], marks(message["entities"])) == ("x", [("bold", 0, 1)])


def test_it_lets_found_entities_give_way(telegram):
    person = telegram.customer()
    message = telegram.call(
        "sendMessage", chat_id=person, text="<code>/help</code> /start", parse_mode="HTML"
    )
    assert marks(message["entities"]) == [("code", 0, 5), ("bot_command", 6, 6)]


def test_it_takes_entities_as_given(telegram):
    person = telegram.customer()
    bold = {"type": "bold", "offset": 0, "length": 2}
    message = telegram.call("sendMessage", chat_id=person, text="<b>", entities=[bold])
    assert (message["text"], message["entities"]) == ("<b>", [bold])
    code, _ = telegram.error("sendMessage", chat_id=person, text="x", entities=[{"type": "b"}])
    assert code == 400


def test_it_refuses_modes_it_does_not_read(telegram):
    person = telegram.customer()
    assert telegram.error("sendMessage", chat_id=person, text="x", parse_mode="Wiki") == (
        400,
        "Bad Request: unsupported parse_mode",
    )
