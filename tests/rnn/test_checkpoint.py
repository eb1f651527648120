"""Files that are what was written, or are refused."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors import safe_open
from safetensors.numpy import save_file

from rnn import checkpoint
from rnn.checkpoint import (
    load_arrays,
    load_state,
    restore_rng,
    rng_state,
    save_arrays,
    save_state,
    write_atomically,
)
from rnn.errors import RnnError

ARRAYS = {"rnn.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "head.bias": np.array([1.5, -2.0])}
STATE = {**ARRAYS, "step": 7, "optimizer.lr": 0.1, "rng.now": '{"a": "é"}'}
ABOUT = {"vocabulary": "abc", "sha256": "of the corpus"}


def told(value):
    """All there is to a value: an array's dtype, shape and bytes, or how Python writes it."""
    return (value.dtype, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else (type(value), repr(value))


def same(a, b):
    return a.keys() == b.keys() and all(told(a[k]) == told(b[k]) for k in a)


def test_a_state_comes_back_as_it_was_and_other_tools_read_its_arrays(tmp_path):
    save_state(tmp_path / "a", STATE, ABOUT)
    state, about = load_state(tmp_path / "a")
    assert same(state, STATE)
    assert about == ABOUT
    with safe_open(tmp_path / "a", framework="numpy") as file:
        assert {*file.keys()} == ARRAYS.keys()
        assert np.array_equal(file.get_tensor("rnn.weight"), ARRAYS["rnn.weight"])
    state["rnn.weight"] += 1  # what is loaded can be worked with


values = st.one_of(st.integers(), st.floats(), st.text())
arrays = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_]), hnp.array_shapes(min_dims=0, min_side=0)
)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.text(min_size=1).filter(lambda k: k != "__metadata__"), st.one_of(values, arrays)))
def test_any_state_comes_back(tmp_path_factory, state):
    path = tmp_path_factory.mktemp("s") / "state"
    save_state(path, state, {})
    assert same(load_state(path)[0], state)


def test_arrays_that_are_not_contiguous(tmp_path):
    turned = {"a": np.arange(6.0).reshape(2, 3).T, "b": np.arange(10)[::-2]}
    save_arrays(tmp_path / "a", turned, {})
    assert same(load_arrays(tmp_path / "a")[0], turned)


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "state"
    save_state(path, {"a": np.array([1.5]), "step": 7}, {"of": "é"})
    return path.read_bytes()


def test_every_byte_counts(content, tmp_path):
    """Each byte in turn is changed, by its lowest bit and by all."""
    path = tmp_path / "changed"
    for place in range(len(content)):
        for change in (1, 0xFF):
            changed = bytearray(content)
            changed[place] ^= change
            path.write_bytes(changed)
            with pytest.raises(RnnError, match="damaged"):
                load_state(path)


def test_a_file_cut_short_at_any_length_or_with_more_behind(content, tmp_path):
    path = tmp_path / "short"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(RnnError, match="damaged"):
            load_state(path)
    path.write_bytes(content + b" ")
    with pytest.raises(RnnError, match="damaged"):
        load_state(path)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_other_bytes(tmp_path_factory, junk, with_length):
    path = tmp_path_factory.mktemp("junk") / "junk"
    path.write_bytes(len(junk).to_bytes(8, "little") + junk if with_length else junk)
    with pytest.raises(RnnError):
        load_state(path)


@pytest.mark.parametrize(
    "header",
    [b"[" * 100_000, b"{}", b"[1]", b'{"__metadata__": 3}', b'{"__metadata__": {"sha256": 4}}', b"\xff\xfe",
     b'{"__metadata__": {"sha256":"%s"}}' % (b"0" * 64), b'{"__metadata__":{"sha256":"ab"}}', b"1" * 5000],
    ids=lambda h: str(h[:30]),
)  # fmt: skip
def test_headers_that_are_none(tmp_path, header):
    (tmp_path / "a").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(RnnError):
        load_arrays(tmp_path / "a")


def test_what_another_tool_wrote_has_no_digest(tmp_path):
    save_file(ARRAYS, tmp_path / "other")
    with pytest.raises(RnnError, match="damaged"):
        load_arrays(tmp_path / "other")


def test_weights_alone_are_no_state(tmp_path):
    save_arrays(tmp_path / "a", ARRAYS, {"step": "3"})
    assert load_arrays(tmp_path / "a")[1] == {"step": "3"}
    with pytest.raises(RnnError, match="no state"):
        load_state(tmp_path / "a")


def test_no_file_and_no_leave(tmp_path):
    with pytest.raises(RnnError, match="no weights"):
        load_arrays(tmp_path / "none")
    with pytest.raises(RnnError, match="cannot be read"):
        load_arrays(tmp_path)


@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, broken):
    path = tmp_path / "last"
    save_state(path, STATE, {})
    old = path.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    if broken == "replace":
        monkeypatch.setattr(Path, "replace", full)
    elif broken == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        really = Path.open

        def opened(self, *args):
            file = really(self, *args)
            file.write(b"half of it")

            class Full:
                __enter__ = lambda self: self
                __exit__ = lambda self, *args: file.close()
                write = full

            return Full()

        monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(RnnError, match="cannot be written") as caught:
        save_state(path, {**STATE, "step": 8}, {})
    assert "no space left on device" in str(caught.value)
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
    assert load_state(path)[0]["step"] == 7


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_is_really_full(tmp_path):
    (tmp_path / f".last.{os.getpid()}").symlink_to("/dev/full")
    with pytest.raises(RnnError, match="no space left"):
        save_state(tmp_path / "last", STATE, {})
    assert list(tmp_path.iterdir()) == []


def test_no_folder(tmp_path):
    with pytest.raises(RnnError, match="cannot be written"):
        save_arrays(tmp_path / "none" / "a", ARRAYS, {})


def test_a_folder_that_cannot_be_settled_is_no_failure(tmp_path, monkeypatch):
    def refuse(folder):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(checkpoint, "_settle", refuse)
    write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_file_and_folder_are_settled_in_this_order(tmp_path, monkeypatch):
    calls, really, move = [], os.fsync, Path.replace

    def fsync(descriptor):
        calls.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")  # noqa: PTH112
        really(descriptor)

    def replace(self, target):
        calls.append("replace")
        return move(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    write_atomically(tmp_path / "a", b"new")
    assert calls == ["file", "replace", "folder"]


def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path):
    """Another process writes two states by turns until it is killed, at moments of no choice."""
    path = tmp_path / "state"
    script = (
        "import sys, numpy as np\nfrom pathlib import Path\nfrom rnn.checkpoint import save_state\n"
        "for k in range(10**9): save_state(Path(sys.argv[1]), {'a': np.full(50_000, k % 7), 'k': k % 7}, {})"
    )
    for wait in (0.01, 0.037, 0.002):
        writer = subprocess.Popen(
            [sys.executable, "-c", script, str(path)], env={**os.environ, "PYTHONPATH": str(Path.cwd())}
        )
        while not path.exists():
            time.sleep(0.005)
        time.sleep(wait)
        writer.kill()
        writer.wait()
        state, _ = load_state(path)
        assert (state["a"] == state["k"]).all()


@pytest.mark.parametrize(
    "kind", [np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64]
)
def test_a_generator_goes_on_where_it_stood(kind):
    rng = np.random.Generator(kind(3))
    rng.standard_normal(5)
    rng.integers(2**32, dtype=np.uint32)  # leaves half a word behind
    state = rng_state(rng)
    json.loads(state)
    expected = [rng.integers(2**32, dtype=np.uint32), *rng.random(700)]
    other = np.random.Generator(kind(4))
    restore_rng(other, state)
    assert [other.integers(2**32, dtype=np.uint32), *other.random(700)] == expected


@pytest.mark.parametrize(
    "state", ["", "{}", "[]", "3", '{"bit_generator": "PCG64"}', rng_state(np.random.Generator(np.random.SFC64(1))),
              '{"bit_generator": "PCG64", "state": {"state": -1, "inc": "x"}, "has_uint32": 0, "uinteger": 0}'],
)  # fmt: skip
def test_a_generator_that_cannot_stand_there_stays(state):
    rng = np.random.default_rng(5)
    before = rng.bit_generator.state
    with pytest.raises(RnnError, match="PCG64 generator cannot stand there"):
        restore_rng(rng, state)
    assert rng.bit_generator.state == before
