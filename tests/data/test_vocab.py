"""Vocabularies of characters, words and bytes, against looking tokens up one by one."""

import contextlib
import dataclasses
import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import BOS, EOS, PAD, UNKNOWN, DataError, Vocab
from data.tokens import BYTES, KINDS

anything = st.text(st.characters(exclude_categories=()))  # lone surrogates too
readable = st.text()
odd = st.sampled_from(
    [
        "",
        "\r\n",
        "a\r\n\r\nb",
        "\f",
        "a\fb",
        "👩‍👩‍👧 👍🏽",
        "e\u0301é",
        "\x00",
        "时间 机器",
        "سلام دنیا",
        "नमस्ते",
        "\ufeffa",
        "\ud83d\ude00",
    ]
)
texts = anything | odd
kinds = st.sampled_from(["char", "word", "byte"])


def cut(text, kind):
    """The tokens, in other words than the room's."""
    if kind == "byte":
        return [BYTES[b] for b in text.encode("utf-8", "surrogatepass")]
    return list(text) if kind == "char" else text.split()


def test_a_vocabulary_by_hand():
    vocab = Vocab.from_text("banana b!")
    assert vocab.tokens == ("<unk>", "a", "b", "n", " ", "!")
    assert len(vocab) == 6
    assert vocab.encode("nab?").tolist() == [3, 1, 2, 0]
    assert vocab.encode("nab").dtype == np.int64
    assert vocab.decode(np.array([3, 1, 2, 0])) == "nab\ufffd"
    assert vocab.unknown("xanax, zany x") == ("x", ",", "z", "y")


def test_words_by_hand():
    vocab = Vocab.from_text("the sea, the\nsky\tand the sea,", "word")
    assert vocab.tokens == ("<unk>", "the", "sea,", "and", "sky")
    assert vocab.encode(" the  sea\n").tolist() == [1, 0]
    assert vocab.decode([4, 3, 0, 1]) == "sky and <unk> the"
    assert vocab.unknown("the the moon and moon or") == ("moon", "or")
    assert (vocab.unit, vocab.unknown_id) == ("word", 0)


def test_bytes_by_hand():
    vocab = Vocab.from_text("whatever", "byte")
    assert len(vocab) == 256
    assert vocab.encode("Aé\n").tolist() == [0x41, 0xC3, 0xA9, 0x0A]
    assert vocab.decode([0x41, 0xC3, 0xA9, 0x0A]) == "Aé\n"
    assert vocab.decode([0xC3, 0x41, 0xFF]) == "\ufffdA\ufffd"
    assert (vocab.tokens[0x41], vocab.tokens[0xC3], vocab.tokens[0x0A]) == ("A", "<0xC3>", "<0x0A>")
    assert vocab.unknown_id is None
    assert vocab.unknown("é😀") == ()


@given(texts, kinds, st.integers(1, 3))
def test_tokens_are_ordered_by_falling_frequency_then_code_points(text, kind, least):
    if kind == "byte":
        assert Vocab.from_text(text, kind, min_freq=least).tokens == BYTES
        return
    counted = Counter(token for token in cut(text, kind) if token != UNKNOWN)
    expected = sorted((-n, token) for token, n in counted.items() if n >= least)
    assert Vocab.from_text(text, kind, min_freq=least).tokens == (UNKNOWN, *(token for _, token in expected))


@given(texts, texts, kinds, st.integers(1, 2))
def test_encoding_is_looking_up(known, text, kind, least):
    vocab = Vocab.from_text(known, kind, min_freq=least)
    tokens = cut(text, kind)
    ids = vocab.encode(text)
    assert ids.dtype == np.int64
    assert ids.tolist() == [vocab.tokens.index(t) if t in vocab.tokens else 0 for t in tokens]
    assert vocab.of_text(tokens).tolist() == ids.tolist()
    lacking = dict.fromkeys(t for t in tokens if t not in vocab.tokens or t == UNKNOWN)
    assert vocab.unknown(text) == tuple(lacking)


@given(texts)
def test_decoding_characters_undoes_encoding(text):
    vocab = Vocab.from_text(text)
    assert vocab.decode(vocab.encode(text)) == text
    few = Vocab.from_text(text[::2])
    assert few.decode(few.encode(text)) == "".join(c if c in text[::2] else "\ufffd" for c in text)


@given(texts)
def test_decoding_words_joins_them_by_spaces(text):
    vocab = Vocab.from_text(text, "word")
    assert vocab.decode(vocab.encode(text)) == " ".join(text.split())
    assert KINDS["word"].characters(text) == len(" ".join(text.split()))


@given(readable, st.binary())
def test_decoding_bytes_is_reading_utf8(text, raw):
    vocab = Vocab.from_text("", "byte")
    assert vocab.decode(vocab.encode(text)) == text
    assert vocab.decode(list(raw)) == raw.decode("utf-8", "replace")
    assert KINDS["byte"].characters(text) == KINDS["char"].characters(text) == len(text)


@given(readable, readable, kinds)
def test_a_text_goes_on_piece_by_piece(prompt, rest, kind):
    vocab = Vocab.from_text(prompt + " " + rest, kind)
    ids = vocab.encode(rest).tolist()
    written = prompt + "".join(vocab.pieces(iter(ids), after=prompt))
    if kind == "word":
        assert written.split() == prompt.split() + rest.split()
        assert "  " not in written.removeprefix(prompt)
    else:
        assert written == prompt + rest


def test_pieces_come_as_their_tokens_do():
    def one_at_a_time():
        for i in (0xC3, 0xA9, 0x41):
            taken.append(i)
            yield i

    taken = []
    pieces = Vocab.from_text("", "byte").pieces(one_at_a_time())
    assert (next(pieces), taken) == ("", [0xC3])
    assert (next(pieces), taken) == ("é", [0xC3, 0xA9])


def test_an_unknown_word_of_the_text_and_the_replacement_character():
    vocab = Vocab.from_text("\ufffd")
    assert vocab.encode("\ufffd").tolist() == [1]
    assert vocab.decode([0, 1]) == "\ufffd\ufffd"
    assert Vocab.from_text("a <unk> <unk> b", "word").tokens == ("<unk>", "a", "b")


def test_a_null_character_is_a_character():
    vocab = Vocab.from_text("\x00\x00a")
    assert vocab.tokens_of([1, 2]).tolist() == ["\x00", "a"]
    assert vocab.ids_of(["a", "\x00"]).tolist() == [2, 1]


RESERVED = (PAD, BOS, EOS)


def test_reserved_tokens_have_ids_of_their_own_that_no_text_can_reach():
    vocab = Vocab.from_text("a <pad> a <eos> b <pad> <pad>", "word", reserved=RESERVED)
    assert vocab.tokens == (UNKNOWN, PAD, BOS, EOS, "a", "b")
    assert vocab.ids_of(RESERVED).tolist() == [1, 2, 3]
    assert vocab.encode("a <pad> <bos> <unk> b").tolist() == [4, 0, 0, 0, 5]
    assert vocab.unknown("a <pad> b") == ("<pad>",)
    assert vocab.decode([2, 4, 3, 1]) == "<bos> a <eos> <pad>"


@given(texts, kinds)
def test_padding_is_never_unknown_and_never_in_a_text(text, kind):
    vocab = Vocab.from_text(text, kind, reserved=RESERVED)
    reserved = vocab.ids_of(RESERVED).tolist()
    assert vocab.unknown_id not in reserved
    assert not {*vocab.encode(text + "<pad> <bos> <unk>").tolist()} & {*reserved}
    assert len(vocab) == len(Vocab.from_text(text, kind).tokens) + 3 - sum(name in cut(text, kind) for name in RESERVED)


def test_reserved_tokens_come_after_the_bytes():
    vocab = Vocab.from_text("", "byte", reserved=RESERVED)
    assert vocab.ids_of(RESERVED).tolist() == [256, 257, 258]
    assert vocab.decode([257, 0xC3, 0xA9, 0xC3, 258]) == "<bos>é\ufffd<eos>"


@given(st.lists(st.lists(st.sampled_from(["a", "b", "zz", "?"]), min_size=3, max_size=3), min_size=1, max_size=4))
def test_arrays_keep_their_shape(rows):
    vocab = Vocab.from_text("a b zz zz", "word")
    ids = vocab.ids_of(rows)
    assert ids.tolist() == [[vocab.tokens.index(t) if t != "?" else 0 for t in row] for row in rows]
    assert vocab.ids_of(np.array(rows)).tolist() == ids.tolist()
    assert vocab.tokens_of(ids).tolist() == [[t if t != "?" else UNKNOWN for t in row] for row in rows]


def test_a_single_token_and_none():
    vocab = Vocab.from_text("ab")
    assert (vocab.ids_of("b").shape, int(vocab.ids_of("b"))) == ((), 2)
    assert vocab.tokens_of(2).item() == "b"
    assert vocab.ids_of([]).tolist() == vocab.tokens_of([]).tolist() == []
    assert vocab.decode([]) == ""


def test_bytes_have_no_unknown_to_stand_for_a_token():
    with pytest.raises(DataError, match="there is no token 'é'"):
        Vocab.from_text("", "byte").ids_of(["a", "é"])


def test_equal_tokens_make_equal_vocabularies():
    vocab = Vocab.from_text("abba c")
    assert Vocab(vocab.tokens) == vocab
    assert hash(Vocab(vocab.tokens)) == hash(vocab)
    assert Vocab(list(vocab.tokens)) == vocab  # as JSON gives them back
    assert Vocab(("<unk>", "b", "a")) != Vocab(("<unk>", "a", "b"))
    assert Vocab(("<unk>", "b", "a"), "word") != Vocab(("<unk>", "b", "a"))
    assert Vocab(("<unk>", "<br>"), "word") != Vocab(("<unk>", "<br>"), "word", ("<br>",))


@pytest.mark.parametrize(
    ("tokens", "kind", "reserved", "message"),
    [
        ((), "char", (), "there is no <unk>"),
        (("a", "b"), "word", (), "there is no <unk>"),
        (("<unk>", "a", "b", "a"), "char", (), "twice"),
        (("<unk>", "ab"), "char", (), "'ab' is not a single character"),
        (("<unk>", ""), "char", (), "'' is not a single character"),
        (("<unk>", "a b"), "word", (), "'a b' is not a single word"),
        (("<unk>", ""), "word", (), "'' is not a single word"),
        (("<unk>", " a"), "word", (), "' a' is not a single word"),
        (("<unk>", 7), "char", (), "7 is no text"),
        (("<unk>", "<unk>"), "char", (), "twice"),
        (("<unk>", "<pad>"), "char", (), "'<pad>' is not a single character"),
        (("<unk>",), "char", ("<pad>",), "'<pad>' is not among the tokens"),
        (("<unk>", "<pad>"), "char", ("<pad>", "<pad>"), "twice"),
        (("<unk>", "pad"), "word", ("pad",), "'pad' is not written as <name>"),
        (("<unk>",), "word", ("<unk>",), "'<unk>' is not written as <name>"),
        (BYTES[:-1], "byte", (), "not the 256 bytes"),
        (BYTES[::-1], "byte", (), "not the 256 bytes"),
        ((*BYTES, "<pad>"), "byte", (), "not the 256 bytes"),
        (("<unk>", "a"), "syllable", (), 'no tokens of the kind "syllable"'),
    ],
)
def test_a_saved_vocabulary_is_checked(tokens, kind, reserved, message):
    with pytest.raises(DataError, match=message):
        Vocab(tokens, kind, reserved)


def test_min_freq_is_at_least_1():
    with pytest.raises(DataError, match="min_freq is 0"):
        Vocab.from_text("ab", min_freq=0)


@pytest.mark.parametrize("ids", [[-1], [6], [0, 5, 60], [1.0], [[1, 2]]])
def test_decoding_refuses_what_is_no_id(ids):
    with pytest.raises(DataError):
        Vocab.from_text("banana b!").decode(ids)


@settings(max_examples=40)
@given(text=texts, kind=kinds)
def test_saved_and_loaded_it_is_the_same(tmp_path_factory, text, kind):
    path = tmp_path_factory.mktemp("vocab") / "vocab.json"
    vocab = Vocab.from_text(text, kind, reserved=RESERVED)
    vocab.save(path)
    assert Vocab.load(path) == vocab
    assert [file.name for file in path.parent.iterdir()] == ["vocab.json"]


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "vocab.json"
    Vocab.from_text("the sea the sky", "word", reserved=(PAD,)).save(path)
    return path


def refusal(path):
    with pytest.raises(DataError) as caught:
        Vocab.load(path)
    error = caught.value
    assert str(error) == f"{error.what}; {error.where}; {error.remedy}"
    assert "\n" not in str(error)
    assert error.where == str(path)
    return error


def test_a_file_cut_short_anywhere_is_refused(saved):
    whole = saved.read_bytes()
    for length in range(len(whole)):
        saved.write_bytes(whole[:length])
        assert "this is no vocabulary" in refusal(saved).what


def test_a_byte_changed_anywhere_is_refused_or_another_vocabulary(saved):
    whole, vocab = saved.read_bytes(), Vocab.load(saved)
    for place in range(len(whole)):
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 0x80]) + whole[place + 1 :])
        with contextlib.suppress(DataError):
            assert Vocab.load(saved) != vocab


@pytest.mark.parametrize(
    "about",
    [
        {}, [], None, 7, "text", {"kind": "word"}, {"kind": "word", "reserved": [], "tokens": "<unk>"},
        {"kind": ["word"], "reserved": [], "tokens": ["<unk>"]}, {"kind": "word", "reserved": {}, "tokens": ["<unk>"]},
        {"kind": "word", "reserved": [], "tokens": ["a"]}, {"kind": "word", "reserved": [], "tokens": [["<unk>"]]},
        {"kind": "word", "reserved": [None], "tokens": ["<unk>"]}, {"kind": "x", "reserved": [], "tokens": ["<unk>"]},
        {"kind": "word", "reserved": [], "tokens": ["<unk>"], "more": 1},
    ],
)  # fmt: skip
def test_other_json_is_refused(saved, about):
    saved.write_text(json.dumps(about))
    assert "this is no vocabulary" in refusal(saved).what


def test_an_absent_file_and_a_folder_are_refused(tmp_path):
    assert "cannot be read" in refusal(tmp_path / "none.json").what
    assert "cannot be read" in refusal(tmp_path).what


def test_a_disk_that_fills_up_leaves_the_old_vocabulary(saved, monkeypatch):
    before = saved.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        Vocab.from_text("x").save(saved)
    assert saved.read_bytes() == before
    assert [file.name for file in saved.parent.iterdir()] == ["vocab.json"]


def test_a_vocabulary_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Vocab.from_text("a").tokens = ()
