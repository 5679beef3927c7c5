from hypothesis import given
from hypothesis import strategies as st

from core.text import storable, utf16_length

any_text = st.text(st.characters(codec=None, exclude_categories=[]))


def test_it_counts_as_telegram_counts():
    assert utf16_length("a") == 1
    assert utf16_length("й") == 1
    assert utf16_length("👍") == 2
    assert utf16_length("\ud83d") == 1


def test_it_replaces_nul_and_lone_surrogates_one_for_one():
    assert storable("a\x00b") == "a\ufffdb"
    assert storable("a\ud83db") == "a\ufffdb"
    assert storable("a\udc4db") == "a\ufffdb"


def test_it_leaves_whole_characters_alone():
    assert storable("Привет, 世界 👍🏽") == "Привет, 世界 👍🏽"


@given(any_text)
def test_what_comes_out_can_be_encoded_and_keeps_its_length(text: str):
    kept = storable(text)
    assert "\x00" not in kept.encode().decode()
    assert utf16_length(kept) == utf16_length(text)
