"""ARPA files and saved counts: there and back, and every kind of damage is one line that says where."""

import io
import json
import re
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnn.baselines import NGram, load_ngram, read_arpa, save_ngram, write_arpa
from rnn.errors import RnnError

NAMES = ("▁", "a", "b", "ü", "\\x")
TEXT = np.random.default_rng(0).choice(4, p=[0.4, 0.3, 0.2, 0.1], size=200)  # the token 4 never occurs
OTHER = np.random.default_rng(1).integers(0, 5, 300)
CHAINED = ["mle", "d2l-chain", "jelinek-mercer", "witten-bell", "absolute", "kneser-ney", "modified-kneser-ney", "katz"]


def fitted(order=3, smoothing="kneser-ney", **settings):
    return NGram(order, smoothing, **settings).fit(TEXT, vocabulary=5)


# ARPA


@pytest.mark.parametrize("smoothing", CHAINED)
@pytest.mark.parametrize("order", [1, 2, 4])
def test_there_and_back(smoothing, order, tmp_path):
    model = fitted(order, smoothing)
    write_arpa(tmp_path / "m.arpa", model, NAMES)
    tokens, read = read_arpa(tmp_path / "m.arpa")
    assert tokens == NAMES
    assert_allclose(read.log_probs(OTHER), model.log_probs(OTHER), rtol=1e-7)
    assert_allclose(read.log_probs(OTHER, 1), model.log_probs(OTHER, 1), rtol=1e-7)
    rows = OTHER.reshape(100, 3)
    assert_allclose(read.next_distribution(rows), model.next_distribution(rows), rtol=1e-7, atol=1e-15)
    drawn = read.sample(500, rng=np.random.default_rng(2))
    assert set(drawn.tolist()) <= set(range(5))
    write_arpa(tmp_path / "again.arpa", read, tokens)
    assert_allclose(read_arpa(tmp_path / "again.arpa").model.log_probs(OTHER), read.log_probs(OTHER), rtol=1e-7)


def test_what_is_written(tmp_path):
    """n(a) = 2, n(b) = 1; after a comes b once, after b a. Half of each 1 is left at order 2, none taken at order 1."""
    write_arpa(tmp_path / "m.arpa", NGram(2, "absolute", discount=[0, 0.5]).fit([0, 1, 0], vocabulary=3), "abc")
    sections = (tmp_path / "m.arpa").read_text().split("\n\n")
    assert sections[0].split("\n") == ["\\data\\", "ngram 1=6", "ngram 2=2"]
    two, one, half = (f"{x:.9g}" for x in np.log10([2 / 3, 1 / 3, 1 / 2]))
    lines = [f"{two}\ta\t{half}", f"{one}\tb\t{half}", "-99\tc\t0", "-99\t<s>\t0", "-99\t</s>", "-99\t<unk>"]
    assert sections[1].split("\n") == ["\\1-grams:", *lines]
    ab, ba = (f"{x:.9g}" for x in np.log10([1 / 2 + 1 / 6, 1 / 2 + 1 / 3]))
    assert sections[2].split("\n") == ["\\2-grams:", f"{ab}\ta b", f"{ba}\tb a"]
    assert sections[3] == "\\end\\\n"


SMALL = """a comment
\\data\\
ngram 1=5
ngram 2=3
ngram 3=1

\\1-grams:
-99\t<s>\t-0.30103
-0.30103\ta\t-0.60206
-0.60206 b
-0.60206\t</s>
-99\t<unk>

\\2-grams:
-0.1\t<s> a\t-0.2
-0.4\ta b\t-0.3
-0.5\tb a

\\3-grams:
-0.05\tb a b

\\end\\
"""


def read(text, tmp_path):
    path = tmp_path / "small.arpa"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_arpa(path)


def test_a_file_by_hand(tmp_path):
    """<s> a: −.1. then b after <s> a: −.2 (what <s> a spares) and a b: −.4. then </s>: −.3 (a b), 0 (b), −.60206."""
    tokens, model = read(SMALL, tmp_path)
    assert tokens == ("a", "b", "</s>")
    found = model.log_probs([0, 1, 2]) / np.log(10)
    assert_allclose(found, [-0.1, -0.6, -0.90206])
    assert_allclose(np.log10(model.next_distribution([1, 0])[[1, 2]]), [-0.05, -0.60206 - 0.60206])
    assert_allclose(np.log10(model.next_distribution([])[1]), -0.30103 - 0.60206)
    assert model.order == 3


def test_a_pruned_file(tmp_path):
    """b a b is there and b a is not: it is what backing off makes of it."""
    text = SMALL.replace("-0.5\tb a\n", "").replace("ngram 2=3", "ngram 2=2").replace("206 b", "206 b -0.25")
    model = read(text, tmp_path).model
    assert_allclose(np.log10(model.next_distribution([1])[0]), -0.25 - 0.30103)
    assert_allclose(np.log10(model.next_distribution([1, 0])[[1, 0]]), [-0.05, -0.60206 - 0.30103])


def changed(number, line):
    """The small file with another line, or without it."""
    lines = SMALL.split("\n")
    lines[number - 1 : number] = [] if line is None else [line]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "number", "says"),
    [
        (changed(2, None), 22, "the file ends too early"),
        (changed(3, "ngram one=5"), 3, "there is no line such as ngram 1=5"),
        (changed(4, "ngram 3=3"), 4, "order 3 stands where order 2 belongs"),
        (changed(3, "ngram 1=6"), 14, r"5 1-grams where \\data\\ promised 6"),
        (changed(7, None), 7, r"stands where \\1-grams: belongs"),
        (changed(7, "\\2-grams:"), 7, r"stands where \\1-grams: belongs"),
        (changed(9, "-0.30103\ta\tx"), 9, "'x' is no logarithm"),
        (changed(9, "-0.30103\ta\tnan"), 9, "'nan' is no logarithm"),
        (changed(9, "0.30103\ta"), 9, "the log-probability is 0.30103, above 0"),
        (changed(9, "-0.30103"), 9, "1 fields stand where a 1-gram has 2 or one more"),
        (changed(10, "-0.30103\ta"), 10, "'a' is there twice"),
        (changed(16, "-0.4\ta c\t-0.3"), 16, "the token 'c' is not among the 1-grams"),
        (changed(16, "-0.4\ta b b a\t-0.3"), 16, "6 fields stand where a 2-gram has 3 or one more"),
        (changed(20, "-0.05\tb a b\t-0.1"), 20, "5 fields stand where a 3-gram has 4;"),
        (changed(20, None), 21, r"0 3-grams where \\data\\ promised 1"),
        (changed(22, None), 21, "the file ends too early"),
        (changed(22, "\\4-grams:"), 22, r"stands where \\end\\ belongs"),
        (SMALL.encode().replace(b"b a\n", b"b \xff\n", 1), 17, "the line is not UTF-8"),
        ("", 1, "the file ends too early"),
    ],
)
def test_damage_is_one_line_that_names_its_own(text, number, says, tmp_path):
    with pytest.raises(RnnError, match=says) as caught:
        read(text, tmp_path)
    error = caught.value
    assert error.where == f"{tmp_path / 'small.arpa'}, line {number}"
    assert "\n" not in str(error)
    assert str(error).count("; ") == 2


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_damage_is_refused_or_read(data, tmp_path_factory):
    """Lines lost, doubled, cut short: an RnnError, or a model; nothing else."""
    lines = SMALL.split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        cut = data.draw(st.integers(0, max(len(lines[place]) - 1, 0)))
        lines[place : place + 1] = data.draw(st.sampled_from([[], [lines[place]] * 2, [lines[place][:cut]]]))
    with suppress(RnnError):
        tokens, model = read("\n".join(lines), tmp_path_factory.mktemp("damage"))
        assert (model.log_probs(np.arange(len(tokens))) <= 0).all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda p: write_arpa(p, fitted(), NAMES[:4]), "4 different names for 5 tokens"),
        (lambda p: write_arpa(p, fitted(), "aabcd"), "4 different names for 5 tokens"),
        (lambda p: write_arpa(p, fitted(), "ab cd"), "a token cannot be called ' '; write_arpa; rename it"),
        (lambda p: write_arpa(p, fitted(), [*"abcd", "<s>"]), "cannot be called '<s>'"),
        (lambda p: write_arpa(p, fitted(), [*"abcd", ""]), "cannot be called ''"),
        (lambda p: write_arpa(p, fitted(2, "laplace"), NAMES), "leans past the next lower order"),
        (lambda p: write_arpa(p, fitted(3, "d2l"), NAMES), "leans past the next lower order"),
        (lambda p: write_arpa(p, fitted(3, "stupid-backoff"), NAMES), "scores are not for ARPA files"),
        (lambda p: write_arpa(p, NGram(2), NAMES), "counted nothing yet"),
        (lambda p: read_arpa(p), "the file cannot be read"),
    ],
)
def test_what_no_arpa_file_can_hold(call, says, tmp_path):
    with pytest.raises(RnnError, match=says):
        call(tmp_path / "m.arpa")
    assert not list(tmp_path.iterdir())


# Saved counts


@pytest.mark.parametrize(
    ("smoothing", "settings"),
    [
        ("kneser-ney", {}),
        ("kneser-ney", {"discount": [0.1, 0.2, 0.3]}),
        ("modified-kneser-ney", {"discount": [0.5, 1.0, 1.25]}),
        ("lidstone", {"epsilon": [0.5, 0.25, 0.1]}),
        ("jelinek-mercer", {}),
        ("jelinek-mercer", {"weight": [0.5, 0.25, 0.1]}),
        ("stupid-backoff", {}),
    ],
)
def test_counts_are_saved_whole(smoothing, settings, tmp_path):
    model = fitted(3, smoothing, **settings)
    save_ngram(tmp_path / "m.npz", model)
    again = load_ngram(tmp_path / "m.npz")
    assert_array_equal(again.log_scores(OTHER), model.log_scores(OTHER))
    for one in (model, again):
        one.partial_fit(OTHER)
    assert_array_equal(again.log_scores(OTHER), model.log_scores(OTHER))
    assert (again.epsilon, again.discount, again.weight, again.weights) == (
        model.epsilon, model.discount, model.weight, model.weights,
    )  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["m.npz"]


def test_a_file_is_small(tmp_path):
    text = np.random.default_rng(0).integers(0, 20, 50_000)
    model = NGram(4).fit(text, vocabulary=20)
    save_ngram(tmp_path / "m.npz", model)
    assert (tmp_path / "m.npz").stat().st_size < 3 * model.size


def repacked(content, **arrays):
    """The same archive with other arrays; None leaves one out."""
    with np.load(io.BytesIO(content)) as old:
        kept = {name: old[name] for name in old.files if name not in arrays}
    packed = io.BytesIO()
    np.savez(packed, **kept, **{name: array for name, array in arrays.items() if array is not None})
    return packed.getvalue()


def about(content, **changes):
    with np.load(io.BytesIO(content)) as old:
        found = json.loads(old["about"].tobytes())
    return repacked(content, about=np.frombuffer(json.dumps({**found, **changes}).encode(), np.uint8))


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b"",
        lambda b: b[: len(b) // 2],
        lambda b: b[:200] + bytes([b[200] ^ 255]) + b[201:],
        lambda b: b"not an archive",
        lambda b: repacked(b, about=None),
        lambda b: repacked(b, about=np.frombuffer(b"{", np.uint8)),
        lambda b: about(b, format=2),
        lambda b: about(b, vocabulary=3),
        lambda b: about(b, vocabulary="x"),
        lambda b: about(b, length=7),
        lambda b: about(b, weights=5),
        lambda b: about(b, model={"order": 2, "smoothing": "none"}),
        lambda b: about(b, model={"order": 9}),
        lambda b: repacked(b, tokens2=None),
        lambda b: repacked(b, tokens1=np.array([0, 1, 2, 9])),
        lambda b: repacked(b, tokens1=np.array([1, 0, 2, 3])),
        lambda b: repacked(b, counts1=np.array([1, 1, 1, 1])),
        lambda b: repacked(b, counts1=np.array([-1, 1, 1, 199])),
        lambda b: repacked(b, sizes1=np.array([3])),
        lambda b: repacked(b, sizes2=np.array([-4, 20])),
        lambda b: repacked(b, head=np.array([9, 9])),
        lambda b: repacked(b, tail=np.array([0])),
        lambda b: repacked(b, head=np.array([object()], dtype=object)),
    ],
)
def test_a_damaged_file_is_one_line(damage, tmp_path):
    path = tmp_path / "m.npz"
    save_ngram(path, fitted())
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RnnError, match="the counts cannot be read") as caught:
        load_ngram(path)
    assert re.fullmatch(r"[^\n;]+; [^\n;]+; the file is damaged, fit again", str(caught.value))


def test_grams_out_of_order_are_noticed_where_nothing_stands_above_them(tmp_path):
    path = tmp_path / "m.npz"
    save_ngram(path, fitted(1))
    path.write_bytes(repacked(path.read_bytes(), tokens1=np.array([1, 0, 2, 3])))
    with pytest.raises(RnnError, match="order 1 is not sorted"):
        load_ngram(path)


def test_every_flipped_byte_is_noticed_or_harmless(tmp_path):
    path = tmp_path / "m.npz"
    save_ngram(path, fitted())
    content, expected = path.read_bytes(), fitted().log_probs(OTHER)
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 90]) + content[place + 1 :])
        with suppress(RnnError):
            assert_array_equal(load_ngram(path).log_probs(OTHER), expected)


def test_no_file_and_no_room(tmp_path, monkeypatch):
    with pytest.raises(RnnError, match="there is no such file"):
        load_ngram(tmp_path / "m.npz")
    save_ngram(tmp_path / "m.npz", fitted())
    before = (tmp_path / "m.npz").read_bytes()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("no room")))
    for write in (
        lambda: save_ngram(tmp_path / "m.npz", fitted(2)),
        lambda: write_arpa(tmp_path / "m.npz", fitted(), NAMES),
    ):
        with pytest.raises(OSError, match="no room"):
            write()
    assert (tmp_path / "m.npz").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m.npz"]


def test_a_pickle_is_never_run(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        archive.writestr("about.npy", b"\x80\x04.")
    with pytest.raises(RnnError, match="cannot be read"):
        load_ngram(tmp_path / "m.npz")
