"""Finding and loading corpora, in folders made for each test and, where they are present, the real texts."""

import dataclasses
import hashlib
import os
import tomllib
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from data import CLEANINGS, KINDS, DataError, Vocab, entries, load, split
from data import corpus as module

REAL = Path(os.environ.get("RNN_LAB_DATA") or "absent")
RAW = b"One Two\r\nthree.\n"
TOML = """
title = "A Tale"
licence = "public domain"
source = "a library"
"""


@pytest.fixture
def corpora(tmp_path, monkeypatch):
    """An empty catalogue with its own data folder and cache; `ours` is shipped, `theirs` is not."""
    for folder in ("catalogue/ours", "catalogue/theirs", "data", "cache/rnn-lab/corpora"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "catalogue/ours/corpus.toml").write_text(TOML + 'split = 0.8\nlanguage = "en"\n')
    (tmp_path / "catalogue/ours/text.txt").write_bytes(b"our own text\n")
    theirs = f'cleaning = "d2l-v1"\nfile = "tale.txt"\nurl = "http://x.org/1"\nsha256 = "{sha256(RAW)}"\n'
    (tmp_path / "catalogue/theirs/corpus.toml").write_text(TOML + theirs)
    monkeypatch.setattr(module, "CORPORA", tmp_path / "catalogue")
    monkeypatch.setattr(module.platformdirs, "user_cache_dir", lambda app: str(tmp_path / "cache" / app))
    monkeypatch.setenv("RNN_LAB_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sha256(raw):
    return hashlib.sha256(raw).hexdigest()


def refusal(name, **how):
    with pytest.raises(DataError) as caught:
        load(str(name), **how)
    error = caught.value
    assert str(error) == f"{error.what}; {error.where}; {error.remedy}"
    assert "\n" not in str(error)
    return error


def test_a_text_of_ours(corpora):
    corpus = load("ours")
    assert (corpus.text, corpus.cleaning, corpus.split) == ("our own text\n", "none", 0.8)
    assert (corpus.name, corpus.title, corpus.licence, corpus.source) == (
        "ours",
        "A Tale",
        "public domain",
        "a library",
    )
    assert corpus.sha256 == sha256(b"our own text\n")
    assert "our own text" not in repr(corpus)


@pytest.mark.parametrize("folder", ["data", "cache/rnn-lab/corpora"])
def test_a_text_that_is_not_shipped_is_found(corpora, folder):
    (corpora / folder / "tale.txt").write_bytes(RAW)
    corpus = load("theirs")
    assert (corpus.text, corpus.cleaning, corpus.split) == ("one two three ", "d2l-v1", 0.9)
    assert corpus.sha256 == sha256(RAW)
    assert load("theirs", clean="none").text == "One Two\nthree.\n"


def test_the_data_folder_goes_before_the_cache(corpora):
    for folder in ("data", "cache/rnn-lab/corpora"):
        (corpora / folder / "tale.txt").write_bytes(RAW)
    assert [entry.path for entry in entries()] == [
        corpora / "catalogue/ours/text.txt",
        corpora / "data/tale.txt",
    ]


def test_entries_lists_folders_then_other_texts(corpora):
    for name in ("tale", "zebra", "ours", "apple", ".hidden"):
        (corpora / f"data/{name}.txt").write_text("text")
    (corpora / "data/notes.md").write_text("not a text")
    (corpora / "data/folder.txt").mkdir()
    listed = entries()
    assert [entry.name for entry in listed] == ["ours", "theirs", "apple", "zebra"]
    assert listed[2].path == corpora / "data/apple.txt"
    assert (listed[2].cleaning, listed[2].split) == ("none", 0.9)
    assert listed[0].language == "en"
    assert load("ours").text == "our own text\n"
    assert load("apple").text == "text"


def test_other_texts_are_listed_by_name(corpora):
    for letter in "qhzbnatwcm":
        (corpora / f"data/{letter}.txt").write_text("text")
    assert [entry.name for entry in entries()][2:] == sorted("qhzbnatwcm")


def test_a_folder_dropped_in_is_a_corpus(corpora):
    (corpora / "catalogue/new").mkdir()
    (corpora / "catalogue/new/corpus.toml").write_text(TOML)
    assert [entry.name for entry in entries()] == ["new", "ours", "theirs"]
    assert refusal("new").what == "the text of new is missing"
    (corpora / "catalogue/new/text.txt").write_text("now here")
    assert load("new").text == "now here"


@pytest.mark.parametrize("value", [None, "", "absent", "x" * 300, "data/a.txt"])
def test_without_a_data_folder_only_the_catalogue_is_listed(corpora, monkeypatch, value):
    (corpora / "a.txt").write_text("in the working directory")
    (corpora / "data/a.txt").write_text("a file")
    if value is None:
        monkeypatch.delenv("RNN_LAB_DATA")
    else:
        monkeypatch.setenv("RNN_LAB_DATA", value)
    assert [entry.name for entry in entries()] == ["ours", "theirs"]


@pytest.mark.parametrize(
    ("toml", "where"),
    [
        ("title = ", "the file is not TOML"),
        (b'title = "\xff"', "the file is not TOML"),
        ('title = "A"\nsource = "B"\n', "keys missing or unknown: licence"),
        (TOML + 'cleanning = "none"\n', "keys missing or unknown: cleanning"),
        (TOML + 'path = "none"\n', "keys missing or unknown: path"),
    ],
)
def test_a_broken_corpus_toml_is_named(corpora, toml, where):
    file = corpora / "catalogue/ours/corpus.toml"
    file.write_bytes(toml if isinstance(toml, bytes) else toml.encode())
    with pytest.raises(DataError, match=where) as caught:
        entries()
    assert caught.value.where == str(file)


def test_a_path(corpora):
    file = corpora / "My Book.txt"
    file.write_bytes("\ufeffÄ\r\nb\rc\n".encode())
    corpus = load(str(file))
    assert (corpus.name, corpus.title, corpus.source) == ("My Book", "My Book.txt", str(file))
    assert (corpus.text, corpus.cleaning, corpus.split) == ("Ä\nb\rc\n", "none", 0.9)
    assert corpus.sha256 == sha256("\ufeffÄ\r\nb\rc\n".encode())
    assert load("My Book.txt", clean="d2l-zh").text == "b c"


def test_a_path_without_suffix_and_a_name_that_goes_before_a_file(corpora):
    (corpora / "plain").write_text("no suffix")
    (corpora / "ours").write_text("a file of that name")
    assert load("plain").text == "no suffix"
    assert load("ours").text == "our own text\n"
    assert load(f".{os.sep}ours").text == "a file of that name"


def test_utf8_whatever_the_locale(corpora, monkeypatch):
    monkeypatch.setattr("locale.getpreferredencoding", lambda *_: "latin-1")
    (corpora / "s.txt").write_bytes("時間機器".encode())
    assert load("s.txt").text == "時間機器"


def test_an_unknown_name_brings_the_nearest_and_the_way_to_list(corpora):
    error = refusal("Thiers")
    assert error.where == '"Thiers"'
    assert "did you mean theirs?" in error.remedy
    assert "`rnn-lab data list`" in error.remedy
    for far in ("qqq", "", "x" * 5000):
        assert refusal(far).remedy == "`rnn-lab data list` shows them all"


def test_an_absent_text_says_how_to_get_it(corpora):
    error = refusal("theirs")
    assert error.what == "the text of theirs is not here"
    assert str(corpora / "data") in error.where
    assert str(corpora / "cache") in error.where
    for part in ("`rnn-lab data fetch theirs`", "tale.txt", "RNN_LAB_DATA", "http://x.org/1"):
        assert part in error.remedy


def test_an_altered_text_is_refused_by_name_and_taken_by_path(corpora):
    file = corpora / "data/tale.txt"
    file.write_bytes(RAW + b" ")
    error = refusal("theirs")
    assert error.where == str(file)
    assert sha256(RAW) in error.what
    assert sha256(RAW + b" ") in error.what
    assert "`rnn-lab data fetch theirs` puts that of http://x.org/1 there" in error.remedy
    assert load(str(file)).text == "One Two\nthree.\n "


def test_an_unknown_cleaning(corpora):
    error = refusal("ours", clean="d2l_zh")
    assert error.what == 'there is no cleaning "d2l_zh"'
    assert "did you mean d2l-zh? choose from none, d2l-zh, d2l-v1" in error.remedy


def test_tokens_are_the_corpus_own_unless_given(corpora):
    (corpora / "catalogue/ours/corpus.toml").write_text(TOML + 'tokens = "word"\ncleaning = "d2l-zh"\n')
    (corpora / "catalogue/ours/text.txt").write_bytes(b"Our own\ntext.\n")
    assert (load("ours").tokens, load("ours").text) == ("word", "our own\ntext\n")
    assert (load("ours", tokens="char").tokens, load("ours", tokens="char").text) == ("char", "our owntext")
    assert load("catalogue/ours/text.txt").tokens == "char"
    assert refusal("ours", tokens="syllable").what == 'there are no tokens of the kind "syllable"'


@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file(corpora, raw):
    (corpora / "e.txt").write_bytes(raw)
    assert refusal("e.txt").what == "the file is empty"


def test_a_text_that_cleaning_empties(corpora):
    (corpora / "digits.txt").write_text("12 34\n")
    assert load("digits.txt").text == "12 34\n"
    assert refusal("digits.txt", clean="d2l-zh").what == "cleaning by d2l-zh leaves nothing"


@pytest.mark.parametrize("lead", [b"", b"\xef\xbb\xbf", "é\r\n".encode()])
def test_bytes_that_are_not_utf8_are_located(corpora, lead):
    (corpora / "latin.txt").write_bytes(lead + "café".encode("latin-1") + b" x")
    assert f"byte 0xe9 at offset {len(lead) + 3}" in refusal("latin.txt").what


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("no/such/file", "there is no such file"),
        ("nothing.txt", "there is no such file"),
        ("data", "this is a folder, not a text"),
        ("x" * 300 + ".txt", "the file cannot be read"),
        ("a.txt/b.txt", "the file cannot be read"),
    ],
)
def test_paths_that_lead_nowhere(corpora, name, what):
    (corpora / "a.txt").write_text("a file")
    error = refusal(name)
    assert error.what.startswith(what)
    assert error.where == name


def test_a_file_that_may_not_be_read(corpora, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert refusal("ours").what == "the file cannot be read (Permission denied)"


def test_every_shipped_corpus_toml_is_complete():
    listed = {toml.parent.name: tomllib.loads(toml.read_text("utf-8")) for toml in module.CORPORA.glob("*/*.toml")}
    by_name = {entry.name: entry for entry in entries()}
    assert {"the-lighthouse", "time-machine", "tiny-shakespeare"} <= listed.keys()
    for name, table in listed.items():
        entry = by_name[name]
        assert dataclasses.asdict(entry) | table == dataclasses.asdict(entry)
        assert entry.title
        assert entry.licence
        assert entry.source
        assert entry.cleaning in CLEANINGS
        assert entry.tokens in KINDS
        assert 0 < entry.split < 1
        assert (entry.file is None) == (entry.url is None) == (entry.sha256 is None)


@pytest.mark.skipif(not (REAL / "timemachine.txt").is_file(), reason="RNN_LAB_DATA has no timemachine.txt")
def test_the_time_machine_has_the_counts_of_its_reference():
    corpus = load("time-machine")
    vocab = Vocab.from_text(corpus.text)
    assert (len(corpus.text), len(vocab), vocab.tokens[:3]) == (170_580, 28, ("<unk>", " ", "e"))
    assert [len(part) for part in split(corpus.text, corpus.split)] == [153_522, 17_058]
    assert len(load("time-machine", clean="d2l-v1").text) == 173_428
    assert vocab.decode(vocab.encode(corpus.text)) == corpus.text


@pytest.mark.skipif(not (REAL / "timemachine.txt").is_file(), reason="RNN_LAB_DATA has no timemachine.txt")
@pytest.mark.parametrize("cleaning", ["d2l-zh", "d2l-v1"])
def test_the_words_of_the_time_machine_are_those_of_its_reference(cleaning):
    words = load("time-machine", clean=cleaning, tokens="word").text.split()
    vocab = Vocab.from_text(" ".join(words), "word")
    assert (len(words), len(vocab) - 1) == (32_775, 4_579)
    most = Counter(words)
    assert [(word, most[word]) for word in vocab.tokens[1:6]] == [
        ("the", 2261), ("i", 1267), ("and", 1245), ("of", 1155), ("a", 816),
    ]  # fmt: skip
    assert Counter(pairwise(words)).most_common(3) == [(("of", "the"), 309), (("in", "the"), 169), (("i", "had"), 130)]
    triples = Counter(zip(words, words[1:], words[2:], strict=False))
    assert triples.most_common(1) == [(("the", "time", "traveller"), 59)]


@pytest.mark.skipif(not (REAL / "tinyshakespeare.txt").is_file(), reason="RNN_LAB_DATA has no tinyshakespeare.txt")
def test_tiny_shakespeare_is_taken_as_it_is():
    corpus = load("tiny-shakespeare")
    vocab = Vocab.from_text(corpus.text)
    assert (len(corpus.text), len(vocab)) == (1_115_394, 66)
    assert corpus.text.startswith("First Citizen:\nBefore we proceed")
    assert vocab.decode(vocab.encode(corpus.text)) == corpus.text


@pytest.mark.skipif(not (module.CORPORA / "the-lighthouse/text.txt").is_file(), reason="no text yet")
def test_the_lighthouse_is_shipped():
    assert load("the-lighthouse").text
