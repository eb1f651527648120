"""`rnn-lab data` against plain counting of the same files."""

import hashlib
import json
import os
import re
import zlib
from collections import Counter
from pathlib import Path

import pytest
from rich.cells import cell_len

from cli.main import run
from data import entries

REAL = Path(os.environ.get("RNN_LAB_DATA") or "absent")
LIST_KEYS = ["name", "title", "characters", "licence", "cleaning", "split"]
SHOW_KEYS = [
    "name", "title", "source", "licence", "sha256", "cleaning", "tokens", "split", "raw_characters", "characters",
    "training_characters", "held_out_characters", "training_tokens", "held_out_tokens", "vocabulary", "symbols",
    "zlib_ratio", "zlib_bits_per_character", "frequent_characters", "frequent_words", "words", "distinct_words",
    "rank_frequency", "excerpt", "minibatches", "random_minibatches",
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
    assert found["time-machine"]["characters_reason"] == "not here: rnn-lab data fetch time-machine"
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
    assert "not here: rnn-lab data fetch time-machine" in shown
    assert "rnn-lab data show NAME" in shown


def test_show_counts_as_plain_python_does(data):
    row = show(data, "lamp", "--split", "0.75")
    assert list(row) == SHOW_KEYS
    cut = int(len(TEXT) * 0.75)
    assert row["sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (row["name"], row["title"], row["cleaning"], row["split"]) == ("lamp", "lamp.txt", "none", 0.75)
    assert row["raw_characters"] == row["characters"] == len(TEXT)
    assert (row["training_characters"], row["held_out_characters"]) == (cut, len(TEXT) - cut)
    assert (row["tokens"], row["training_tokens"], row["held_out_tokens"]) == ("char", cut, len(TEXT) - cut)
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


@pytest.mark.parametrize("tokens", ["char", "word", "byte"])
def test_minibatches_are_cut_from_the_beginning_of_the_text(data, tokens):
    row = show(data, "the-lighthouse", "--tokens", tokens)
    text = (next(entry for entry in entries() if entry.name == "the-lighthouse").path).read_text("utf-8")
    steps, joint = (3, " ") if tokens == "word" else (15, "")
    text = text.split()[: 12 * steps] if tokens == "word" else text[: 12 * steps]
    windows = [joint.join(text[i : i + steps]) for i in range(0, 12 * steps, steps)]
    assert row["minibatches"] == [windows[0::3], windows[1::3], windows[2::3]]  # each row goes on in the next one
    drawn = row["random_minibatches"]
    assert [len(rows) for rows in drawn] == [4, 4, 4]
    assert sorted(window for rows in drawn for window in rows) == sorted(windows)
    assert drawn != row["minibatches"]
    other = show(data, "the-lighthouse", "--tokens", tokens, "--seed", "5")
    assert other["random_minibatches"] != drawn
    assert other["minibatches"] == row["minibatches"]


def test_short_texts_have_shorter_minibatches_or_none(data, folder):
    (folder / "few.txt").write_text("0123456789" * 3)
    minibatches = show(data, "few", "--split", "0.9")["minibatches"]
    assert minibatches == [["01", "67", "23", "89"], ["23", "89", "45", "01"], ["45", "01", "67", "23"]]
    (folder / "two.txt").write_text("ab")
    assert show(data, "two")["minibatches"] == show(data, "two")["random_minibatches"] == []
    assert "It begins" in "\n".join(data("show", "two"))


def test_windows_are_numbered_and_coloured_by_minibatch(data, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    row = show(data, "the-lighthouse")
    lines = data("show", "the-lighthouse")
    for key in ("minibatches", "random_minibatches"):
        for number, rows in enumerate(row[key], start=1):
            for window in rows:
                seen = window.replace(" ", "␣").replace("\n", "⏎")
                assert any(f"{number} {seen}" in line for line in lines)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured = "\n".join(data("show", "the-lighthouse"))
    for number, colour in ((1, 36), (2, 35), (3, 33)):
        for window in row["minibatches"][number - 1] + row["random_minibatches"][number - 1]:
            assert f"\x1b[{colour}m{window}".replace(" ", "␣").replace("\n", "⏎") in coloured


def test_ranks_are_those_of_counting(data, folder):
    words = ["sea"] * 16 + ["sky"] * 8 + ["sun"] * 4 + ["sand"] * 2 + ["salt"]
    (folder / "beach.txt").write_text(" ".join(words))
    ranks = show(data, "beach")["rank_frequency"]
    assert list(ranks) == ["words", "pairs", "triples"]
    assert ranks["words"]["frequencies"] == [[1, 16], [2, 8], [3, 4], [4, 2], [5, 1]]
    assert (ranks["words"]["distinct"], ranks["words"]["once"], ranks["words"]["exponent"]) == (5, 0.2, None)
    for order, name in enumerate(ranks, start=1):
        counted = Counter(tuple(words[i : i + order]) for i in range(len(words) - order + 1))
        assert ranks[name]["distinct"] == len(counted)
        assert [n for _, n in ranks[name]["frequencies"]] == sorted(counted.values(), reverse=True)
    shown = "\n".join(data("show", "beach"))
    assert "log₁₀ rank" in shown
    assert "20.0%" in shown
    (folder / "short.txt").write_text("too few words for ranks to show anything")
    assert show(data, "short")["rank_frequency"] == {}
    assert "log₁₀ rank" not in "\n".join(data("show", "short"))


@pytest.mark.skipif(not (REAL / "timemachine.txt").is_file(), reason="RNN_LAB_DATA has no timemachine.txt")
@pytest.mark.parametrize("tokens", ["char", "word"])
def test_the_time_machine_has_the_words_and_exponents_of_its_reference(data, monkeypatch, tokens):
    monkeypatch.setenv("RNN_LAB_DATA", str(REAL))
    row = show(data, "time-machine", "--tokens", tokens)
    assert (row["words"], row["distinct_words"]) == (32_775, 4_579)
    ranks = row["rank_frequency"].values()
    assert [round(of["exponent"], 2) for of in ranks] == [1.04, 0.69, 0.47]
    assert [round(100 * of["once"], 1) for of in ranks] == [52.3, 82.2, 94.5]


def test_words_are_counted_as_words_and_spelt_with_single_spaces(data):
    row = show(data, "lamp", "--tokens", "word", "--split", "0.75")
    words = TEXT.split()
    cut = len(TEXT[: int(len(TEXT) * 0.75)].split())  # the word that is cut belongs to the training part
    assert (row["training_tokens"], row["held_out_tokens"]) == (cut, len(words) - cut)
    assert row["training_characters"] == len(" ".join(words[:cut]))
    assert row["held_out_characters"] == len(" ".join(words[cut:]))
    assert set(row["symbols"]) == set(words[:cut])
    assert row["vocabulary"] == len(set(words[:cut])) + 1
    shown = "\n".join(data("show", "lamp", "--tokens", "word"))
    assert f"<unk> and {len(row['symbols'])} words" in shown
    assert "rnn-lab train --corpus lamp --tokens word" in shown


def test_bytes_are_256(data):
    row = show(data, "lamp", "--tokens", "byte", "--split", "0.75")
    cut = int(len(TEXT) * 0.75)
    assert (row["vocabulary"], len(row["symbols"])) == (256, 256)
    assert (row["training_tokens"], row["training_characters"]) == (len(TEXT[:cut].encode()), cut)
    assert "256 bytes, whatever the text" in "\n".join(data("show", "lamp", "--tokens", "byte"))


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
    for text in row["minibatches"][0] if name != "wide" else ():  # those of wide characters go on in the next line
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
        (["show", "time-machine"], "`rnn-lab data fetch time-machine` gets it from http"),
        (["show", "lamp", "--tokens", "syllable"], "'syllable' is not one of 'char', 'word', 'byte'"),
        (["show", "digits.txt", "--tokens", "word", "--split", "0.99"], "of 2 words leaves none to hold out"),
        (["fetch"], "missing argument"),
        (["fetch", "the-lighthouse"], "there is nothing to fetch"),
        (["fetch", "tme-machine"], "did you mean time-machine?"),
        (["fetch", "time-machine", "--from", "nosuch"], "the file cannot be read (No such file or directory); nosuch"),
        (["fetch", "time-machine", "--from", "lamp.txt"], "this is not the text of time-machine: its SHA-256 is"),
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
