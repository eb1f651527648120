"""`rnn-lab data` against plain counting of the same files."""

import hashlib
import json
import re
import zlib
from collections import Counter

import pytest
from rich.cells import cell_len

from cli.main import run
from data import entries

LIST_KEYS = ["name", "title", "characters", "licence", "cleaning", "split"]
SHOW_KEYS = [
    "name", "title", "source", "licence", "sha256", "cleaning", "split", "raw_characters", "characters",
    "training_characters", "held_out_characters", "vocabulary", "symbols", "zlib_ratio",
    "zlib_bits_per_character", "frequent_characters", "frequent_words", "words", "distinct_words", "excerpt",
    "minibatches",
]  # fmt: skip
TEXT = "It was Ada's lamp.\nIt wasn't Bo's; the lamp – the lamp! – was hers.\n\n" * 5 + "Ω\tend"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with texts in it, which is both here and in RNN_LAB_DATA."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RNN_LAB_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "lamp.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def data(capsys):
    """Run `data` with these arguments: the lines of its output, after an exit status of 0."""

    def call(*arguments):
        capsys.readouterr()
        assert run(["data", *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return [line.rstrip() for line in out.splitlines()]

    return call


def show(data, *arguments):
    (line,) = data("show", *arguments, "--json")
    return json.loads(line)


def test_list_has_every_text_and_says_what_is_not_here(data, folder):
    (folder / "latin.txt").write_bytes(b"caf\xe9")
    found = {row["name"]: row for row in map(json.loads, data("list", "--json"))}
    assert list(found) == [entry.name for entry in entries()]
    for name, characters in (("lamp", len(TEXT)), ("latin", None), ("time-machine", None)):
        row = found[name]
        assert row["characters"] == characters
        assert [key for key in row if key != "characters_reason"] == LIST_KEYS
        assert ("characters_reason" in row) == (characters is None)
    assert found["the-lighthouse"]["characters"] > 40_000
    assert found["time-machine"]["characters_reason"] == "not here: put timemachine.txt into RNN_LAB_DATA"
    assert "not UTF-8" in found["latin"]["characters_reason"]
    assert (found["time-machine"]["cleaning"], found["lamp"]["licence"]) == ("d2l-zh", "unknown")


@pytest.mark.parametrize("columns", [60, 99, 100, 140])
def test_the_list_says_the_same_and_fits(data, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = data("list")
    assert max(map(cell_len, lines)) <= columns
    shown = " ".join(" ".join(lines).split())
    for entry in entries():
        assert entry.name in shown
        assert entry.title.split(",")[0] in shown
    assert f"{len(TEXT):,}" in shown
    assert "not here: put timemachine.txt" in shown
    assert "rnn-lab data show NAME" in shown


def test_show_counts_as_plain_python_does(data):
    row = show(data, "lamp", "--split", "0.75")
    assert list(row) == SHOW_KEYS
    cut = int(len(TEXT) * 0.75)
    assert row["sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (row["name"], row["title"], row["cleaning"], row["split"]) == ("lamp", "lamp.txt", "none", 0.75)
    assert row["raw_characters"] == row["characters"] == len(TEXT)
    assert (row["training_characters"], row["held_out_characters"]) == (cut, len(TEXT) - cut)
    assert sorted(row["symbols"]) == sorted(set(TEXT[:cut]))
    assert row["vocabulary"] == len(set(TEXT[:cut])) + 1
    compressed = len(zlib.compress(TEXT.encode(), 9))
    assert row["zlib_ratio"] == compressed / len(TEXT.encode())
    assert row["zlib_bits_per_character"] == 8 * compressed / len(TEXT)
    assert Counter(dict(map(tuple, row["frequent_characters"]))).items() <= Counter(TEXT).items()
    assert row["frequent_characters"][0] == [" ", TEXT.count(" ")]
    assert row["frequent_words"][:3] == [["lamp", 15], ["it", 10], ["was", 10]]
    assert ["ada's", 5] in row["frequent_words"]
    assert (row["words"], row["distinct_words"]) == (5 * 13 + 2, 10)


def test_cleaning_shows_in_every_figure_but_the_raw_one(data):
    row = show(data, "lamp", "--clean", "d2l-v1")
    cleaned = re.sub("[^A-Za-z]+", " ", TEXT).lower()
    assert (row["raw_characters"], row["characters"]) == (len(TEXT), len(cleaned))
    assert set(row["symbols"]) <= set("abcdefghijklmnopqrstuvwxyz ")
    assert row["excerpt"].startswith(cleaned[:200])
    assert row["zlib_bits_per_character"] == 8 * len(zlib.compress(cleaned.encode(), 9)) / len(cleaned)


def test_minibatches_go_on_in_the_next_one(data):
    first, *rest = minibatches = show(data, "the-lighthouse")["minibatches"]
    assert len(rest) == 2
    assert all(len(row) == 24 for rows in minibatches for row in rows)
    lines = list(map("".join, zip(*minibatches, strict=True)))
    text = (next(entry for entry in entries() if entry.name == "the-lighthouse").path).read_text("utf-8")
    places = [text.index(line) for line in lines]
    stretch = (int(len(text) * 0.9) - 1) // len(first)
    assert places == [row * stretch for row in range(len(first))]


def test_short_texts_have_shorter_minibatches_or_none(data, folder):
    (folder / "few.txt").write_text("0123456789" * 3)
    minibatches = show(data, "few", "--split", "0.9")["minibatches"]
    assert minibatches[0] == ["01", "67", "23", "89"]  # 26 // 12 = 2 steps, rows 26 // 4 = 6 apart
    (folder / "two.txt").write_text("ab")
    assert show(data, "two")["minibatches"] == []
    assert "It begins" in "\n".join(data("show", "two"))


def test_the_excerpt_is_short_and_ends_with_a_word(data, folder):
    (folder / "prose.txt").write_text("several words of one length each " * 30)
    excerpt = show(data, "prose")["excerpt"]
    assert len(excerpt) <= 302
    assert re.search(r" (several|words|of|one|length|each) …$", excerpt)
    (folder / "lines.txt").write_text("\n".join(map(str, range(200))))
    assert show(data, "lines")["excerpt"] == "\n".join(map(str, range(12))) + " …"
    (folder / "tiny.txt").write_text("all of it")
    assert show(data, "tiny")["excerpt"] == "all of it"


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("name", ["the-lighthouse", "lamp", "wide"])
def test_the_portrait_fits_and_says_it_all(data, folder, monkeypatch, columns, name):
    (folder / "wide.txt").write_text("灯塔的故事由此开始，" * 80 + "长" * 700, encoding="utf-8")
    monkeypatch.setenv("COLUMNS", str(columns))
    lines, row = data("show", name), show(data, name)
    assert max(map(cell_len, lines)) <= columns
    shown = "\n".join(lines)
    for value in (row["title"], row["licence"], row["sha256"][:12], f"{row['vocabulary']:,}: <unk>"):
        assert value in shown
    for key in ("raw_characters", "training_characters", "held_out_characters", "words"):
        assert f"{row[key]:,}" in shown
    assert f"{row['zlib_ratio']:.1%}" in shown
    symbols = "".join(lines[next(i for i, line in enumerate(lines) if "<unk>" in line) + 1 :])
    assert all(symbol in symbols for symbol in row["symbols"] if symbol.isprintable() and symbol != " ")
    for minibatch in row["minibatches"][: 1 if name == "wide" and columns < 120 else 2]:
        for text in minibatch:
            assert text.replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥") in shown
    shares = [n / row["characters"] for _, n in row["frequent_characters"]]
    assert all(f" {share:.1%} " in shown for share in shares)
    assert f"rnn-lab train --corpus {name}" in shown


def test_what_was_given_is_given_on(data, folder):
    (folder / "two words.text").write_text(TEXT)
    shown = "\n".join(data("show", "./two words.text", "--clean", "d2l-v1"))
    assert "rnn-lab train --corpus './two words.text' --clean d2l-v1" in shown


def test_a_text_cannot_steer_the_terminal(data, folder, monkeypatch):
    (folder / "evil.txt").write_text("a\x1b[31mb\x07\x9b2J [red]not markup[/red] " * 20)
    shown = "\n".join(data("show", "evil.txt"))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)
    assert "[red]not markup[/red]" in shown
    monkeypatch.setenv("FORCE_COLOR", "1")
    plain = "\n".join(data("show", "evil.txt", "--plain"))
    assert plain == shown


@pytest.mark.parametrize("arguments", [["list"], ["show", "lamp"]])
def test_without_colour_nothing_is_lost(data, monkeypatch, arguments):
    piped = data(*arguments)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert data(*arguments, "--plain") == piped
    colourful = data(*arguments)
    assert any("\x1b[" in line for line in colourful)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in colourful] == piped
    monkeypatch.setenv("NO_COLOR", "1")
    assert not any(re.search(r"\x1b\[[0-9;]*3[0-7]", line) for line in data(*arguments))
    monkeypatch.delenv("FORCE_COLOR")
    assert data(*arguments) == piped


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "missing command; rnn-lab data; "),
        (["lst"], "no command 'lst'; rnn-lab data; did you mean list?"),
        (["zzz"], "no command 'zzz'; rnn-lab data; rnn-lab data --help lists them"),
        (["show"], "missing argument"),
        (["show", "a", "b"], "unexpected extra argument"),
        (["show", "lapm"], 'no such corpus and no such file; "lapm"; did you mean lamp'),
        (["show", "."], "this is a folder"),
        (["show", "empty.txt"], "the file is empty"),
        (["show", "latin.txt"], "not UTF-8"),
        (["show", "nosuch.txt"], "no such file"),
        (["show", "one.txt"], "nothing to train on"),
        (["show", "time-machine"], "put timemachine.txt, from http"),
        (["show", "lamp", "--clean", "d2l"], 'no cleaning "d2l"; lamp; '),
        (["show", "digits.txt", "--clean", "d2l-zh"], "leaves nothing"),
        (["show", "lamp", "--split", "1"], "the training fraction is 1.0"),
        (["show", "lamp", "--split", "half"], "'half' is not a valid float"),
    ],
)
def test_bad_input_is_one_line(arguments, says, folder, capsys):
    for name, content in (("empty", b""), ("latin", b"caf\xe9"), ("one", b"a"), ("digits", b"12 34")):
        (folder / f"{name}.txt").write_bytes(content)
    assert run(["data", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"rnn-lab: [^\n]*; [^\n]*; [^\n]*\n", err), err
    assert says in err
