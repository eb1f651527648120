"""A text that comes in pieces is cleaned as the whole, wherever it is cut."""

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import CLEANINGS, DataError, load
from data.pieces import Reading, cleaned_pieces
from data.text import cleaned

few = st.text(st.sampled_from("aB \n\r\x0c-é😀\u2028\ufeff\ud800"), max_size=30)
readable = few.filter(lambda text: "\ud800" not in text)
cleanings = st.sampled_from(sorted(CLEANINGS))
kinds = st.sampled_from(["char", "word", "byte"])


def in_pieces(text, places):
    cuts = [0, *sorted(min(place, len(text)) for place in places), len(text)]
    return [text[a:b] for a, b in pairwise(cuts)]


@given(few | st.text(), st.lists(st.integers(0, 30), max_size=6), cleanings, kinds)
def test_pieces_give_what_the_whole_gives(text, places, cleaning, kind):
    found = list(cleaned_pieces(in_pieces(text, places), cleaning, kind))
    whole = cleaned(text, cleaning, kind)
    assert "".join(found) == whole
    if kind == "word":
        assert [word for piece in found for word in piece.split()] == whole.split()


@given(few, cleanings, kinds)
def test_one_character_at_a_time(text, cleaning, kind):
    found = list(cleaned_pieces(iter(text), cleaning, kind))
    assert "".join(found) == cleaned(text, cleaning, kind)
    if kind == "word":
        assert [word for piece in found for word in piece.split()] == cleaned(text, cleaning, kind).split()


def test_there_is_a_form_in_pieces_for_every_cleaning():
    for cleaning in CLEANINGS:
        assert "".join(cleaned_pieces(["One-", "Two"], cleaning)) == CLEANINGS[cleaning]("One-Two")
    with pytest.raises(DataError, match="no cleaning"):
        cleaned_pieces([], "d2l")
    with pytest.raises(DataError, match="no tokens of the kind"):
        cleaned_pieces([], "none", "syllable")


@settings(max_examples=60)
@given(text=readable | st.text(), piece=st.integers(1, 9))
def test_reading_in_pieces_is_loading(tmp_path_factory, text, piece):
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes(text.encode())
    reading = Reading(path, piece)
    found = "".join(reading)
    if found:
        assert found == load(str(path)).text
    else:
        assert text in ("", "\ufeff")
    assert reading.sha256 == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 100])
@pytest.mark.parametrize(
    ("raw", "byte", "offset"),
    [
        (b"caf\xe9 x", "0xe9", 3), ("é".encode() + b"\xff", "0xff", 2), (b"ab\xe2\x82", "0xe2", 2),
        (b"\xef\xbb\xbf\r\n\x80", "0x80", 5), ("时".encode() + b"\xe6\x97x", "0xe6", 3),
    ],
)  # fmt: skip
def test_bytes_that_are_not_utf8_are_located(tmp_path, raw, byte, offset, piece):
    path = tmp_path / "latin.txt"
    path.write_bytes(raw)
    with pytest.raises(DataError, match=f"byte {byte} at offset {offset}"):
        list(Reading(path, piece))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        list(Reading(tmp_path / "none.txt"))
