"""Corpora on disk: the same ids as in memory, in bounded memory, whole or not at all."""

import json
import subprocess
import sys
import textwrap
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import data
from data import DataError, Vocab, opened, random_batches, sequential_batches, split, store
from data.text import cleaned

STORY = "The sea, the sea!\r\nIt was there – as ever.\n\n" * 40 + "Ω\tend 😀"
texts = st.text(min_size=3) | st.text(st.sampled_from("ab \n\r😀é"), min_size=3, max_size=60)
kinds = st.sampled_from(["char", "word", "byte"])
cleanings = st.sampled_from(["none", "d2l-zh", "d2l-v1"])


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "story.txt"
    path.write_bytes(STORY.encode())
    return path


@settings(max_examples=40, deadline=None)
@given(
    text=texts, kind=kinds, cleaning=cleanings, piece=st.integers(1, 20), fraction=st.none() | st.floats(0.3, 0.9),
    min_freq=st.integers(1, 2),
)  # fmt: skip
def test_stored_ids_are_those_of_the_text_in_memory(tmp_path_factory, text, kind, cleaning, piece, fraction, min_freq):
    folder = tmp_path_factory.mktemp("stored")
    path, made = folder / "a.txt", folder / "ids"
    path.write_bytes(text.encode())
    options = {"kind": kind, "cleaning": cleaning, "fraction": fraction, "min_freq": min_freq, "reserved": ("<pad>",)}
    read = text.encode().decode("utf-8-sig").replace("\r\n", "\n")
    tokens = list(data.KINDS[kind].cut(cleaned(read, cleaning, kind)))
    if not tokens or (fraction and int(len(tokens) * fraction) == 0):
        with pytest.raises(DataError):
            store(path, made, piece=piece, **options)
        assert [file.name for file in folder.iterdir()] == ["a.txt"]
        return
    stored = store(path, made, piece=piece, **options)
    cut = len(tokens) if fraction is None else len(split(np.arange(len(tokens)), fraction)[0])
    joined = data.KINDS[kind].joint.join(tokens[:cut])
    expected = Vocab.from_text(joined, kind, min_freq=min_freq, reserved=("<pad>",))
    if kind == "byte":  # the tokens' names are no text
        expected = Vocab.from_text("", "byte", reserved=("<pad>",))
    assert stored.vocab == expected
    assert stored.training.tolist() == expected.of_text(tokens[:cut]).tolist()
    assert stored.held_out.tolist() == expected.of_text(tokens[cut:]).tolist()


def test_the_smallest_type_is_used_and_nothing_is_loaded(text, tmp_path):
    for kind, dtype in (("char", np.uint8), ("byte", np.uint8)):
        stored = store(text, tmp_path / kind, kind=kind)
        assert stored.training.dtype == dtype
        assert isinstance(stored.training, np.memmap)
        assert (tmp_path / kind / "ids.npy").stat().st_size < stored.training.size + 200
    many = tmp_path / "many.txt"
    many.write_text(" ".join(map(str, range(300))))
    assert store(many, tmp_path / "many", kind="word").training.dtype == np.uint16


def test_what_it_was_made_from_is_known(text, tmp_path):
    stored = store(text, tmp_path / "ids", cleaning="d2l-v1", fraction=0.8)
    again = opened(tmp_path / "ids")
    assert (again.source, again.cleaning, again.sha256) == ("story.txt", "d2l-v1", data.load(str(text)).sha256)
    assert (again.vocab, again.training.tolist()) == (stored.vocab, stored.training.tolist())
    training, held_out = split(data.load(str(text), clean="d2l-v1").text, 0.8)
    assert stored.vocab == Vocab.from_text(training)
    assert stored.held_out.tolist() == stored.vocab.encode(held_out).tolist()
    assert sorted(file.name for file in (tmp_path / "ids").iterdir()) == ["about.json", "ids.npy", "vocab.json"]


def test_minibatches_are_read_from_disk_as_from_memory(text, tmp_path):
    stored = store(text, tmp_path / "ids")
    inside = np.asarray(stored.training, dtype=np.int64)
    for sampling in (sequential_batches, random_batches):
        there, here = (sampling(ids, 4, 7, rng=np.random.default_rng(1)) for ids in (stored.training, inside))
        for one, other in zip(there, here, strict=True):
            assert one.inputs.dtype == one.targets.dtype == np.int64
            assert one.inputs.tolist() == other.inputs.tolist()
            assert one.targets.tolist() == other.targets.tolist()


def peak(work):
    tracemalloc.start()
    work()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


@pytest.mark.parametrize(("kind", "cleaning"), [("char", "none"), ("byte", "d2l-v1"), ("word", "d2l-zh")])
def test_memory_does_not_grow_with_the_text(tmp_path, monkeypatch, kind, cleaning):
    monkeypatch.setattr("data.stored._AT_ONCE", 1 << 9)
    peaks = []
    for times in (600, 2_400):
        path, made = tmp_path / f"{times}.txt", tmp_path / f"ids{times}"
        path.write_text("the time traveller and the sea;\n" * times)
        work = partial(store, path, made, kind=kind, cleaning=cleaning, piece=1 << 9)
        peaks.append(peak(work))
        ids = opened(made).training
        assert ids.size >= 6 * times
        reading = peak(lambda ids=ids: [batch.inputs.sum() for batch in sequential_batches(ids, 8, 40)])
        assert reading < 50_000
    assert peaks[1] < 1.1 * peaks[0]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["char", "word", "byte"])
def test_a_text_larger_than_the_memory_there_may_be(tmp_path, kind):
    """150 MB of text in a process that may not have 64 MB more than it has at its start."""
    resource = pytest.importorskip("resource")
    assert resource.RLIMIT_AS
    path = tmp_path / "large.txt"
    with path.open("w") as file:
        for i in range(150):
            file.write(f"page {i} of a book that is far too long to be read at once\n" * 17_500)
    script = """
        import resource, sys
        from pathlib import Path
        import numpy as np
        from data import store
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limit = now + 64 * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        from data import stored
        stored.opened = lambda folder: None  # mapping the ids takes addresses, though no memory
        store(Path(sys.argv[1]), Path(sys.argv[2]), kind=sys.argv[3], fraction=0.9)
        try:
            np.ones(80 * 2**20, np.uint8)
        except MemoryError:
            print("limited")
    """
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs /proc")
    root = Path(data.__file__).parents[1]
    arguments = [sys.executable, "-c", textwrap.dedent(script), str(path), str(tmp_path / "ids"), kind]
    done = subprocess.run(arguments, cwd=root, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("limited\n", "")
    stored = opened(tmp_path / "ids")
    first = stored.vocab.decode(stored.training[:60])
    assert first.startswith("page 0 of a book that is far too long")
    raw = path.stat().st_size
    assert stored.training.size + stored.held_out.size == (15 * 150 * 17_500 if kind == "word" else raw)


def left(folder):
    return sorted(file.name for file in folder.iterdir())


def test_a_folder_that_is_there_is_left_alone(text, tmp_path):
    (tmp_path / "ids").mkdir()
    (tmp_path / "ids/thesis.txt").write_text("precious")
    with pytest.raises(DataError, match="there is something already"):
        store(text, tmp_path / "ids")
    assert left(tmp_path / "ids") == ["thesis.txt"]


@pytest.mark.parametrize("content", [b"", b"good until here \xff", None])
def test_a_text_that_cannot_be_stored_leaves_nothing(tmp_path, content):
    path = tmp_path / "a.txt"
    if content is not None:
        path.write_bytes(content)
    before = left(tmp_path)
    with pytest.raises(DataError) as caught:
        store(path, tmp_path / "ids", piece=4)
    assert str(caught.value).count("; ") >= 2
    assert left(tmp_path) == before


@pytest.mark.parametrize("place", ["data.stored._write_ids", "data.vocab.Vocab.save", "os.fsync"])
def test_a_disk_that_fills_up_leaves_nothing(text, tmp_path, monkeypatch, place):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(place, full)
    with pytest.raises(DataError, match=r"cannot be stored \(No space left on device\)"):
        store(text, tmp_path / "ids")
    assert left(tmp_path) == ["story.txt"]


def test_being_stopped_leaves_nothing(text, tmp_path, monkeypatch):
    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("data.stored._write_ids", stopped)
    with pytest.raises(KeyboardInterrupt):
        store(text, tmp_path / "ids")
    assert left(tmp_path) == ["story.txt"]


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "syllable"},
        {"cleaning": "d2l"},
        {"fraction": 1.0},
        {"fraction": 1e-6},
        {"min_freq": 0},
        {"reserved": ("pad",)},
    ],
)
def test_bad_options_leave_nothing(text, tmp_path, options):
    with pytest.raises(DataError):
        store(text, tmp_path / "ids", **options)
    assert left(tmp_path) == ["story.txt"]


@pytest.mark.parametrize("name", ["about.json", "ids.npy", "vocab.json"])
def test_damaged_corpora_are_refused_in_one_line(text, tmp_path, name):
    store(text, tmp_path / "ids", fraction=0.9)
    path = tmp_path / "ids" / name
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:-1], b"\xff" + whole[1:], b"{}", b"[]", b"null", None):
        if damaged is None:
            path.unlink()
        else:
            path.write_bytes(damaged)
        with pytest.raises(DataError) as caught:
            opened(tmp_path / "ids")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", [{"tokens": 7}, {"training": 0}, {"training": 10**9}, {"sha256": 1}, {"more": 1}])
def test_sizes_that_do_not_agree_are_noticed(text, tmp_path, change):
    store(text, tmp_path / "ids")
    path = tmp_path / "ids/about.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(DataError, match="this is no stored corpus"):
        opened(tmp_path / "ids")
