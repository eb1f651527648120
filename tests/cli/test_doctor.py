"""`rnn-lab doctor`: what it says is so, by other ways of knowing; and it changes nothing."""

import json
import os
import pickle
import platform
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

import minigrad
import rnn
from cli.lab.doctor import examination
from cli.lab.kernels import compiled, kernels
from cli.main import run
from minigrad.kernels import threads
from minigrad.kernels.compiling import cache_folder
from rnn import GRU, LSTM, RNN
from rnn.fused import FUSED

SCRIPT = Path(sys.executable).parent / "rnn-lab"


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache of the test's own."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    cache_folder.cache_clear()
    yield tmp_path / "cache"
    cache_folder.cache_clear()


def asked(capsys, status=0):
    """The rows of `doctor --json`: the layers by cell and type, the others by their part."""
    assert run(["doctor", "--json"]) == status
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    layers = {(row["cell"], row["dtype"]): row for row in rows if row["part"] == "layer"}
    return {row["part"]: row for row in rows if row["part"] != "layer"}, layers


def shown(capsys, *flags):
    """What it shows people, without its line breaks."""
    run(["doctor", "--plain", *flags])
    return " ".join(capsys.readouterr().out.split())


def test_it_tells_machine_and_versions(capsys, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    monkeypatch.setenv("NUMBA_NUM_THREADS", "7")
    monkeypatch.setattr(threads, "_chosen", None)  # another test may have chosen
    parts, _ = asked(capsys)
    machine = parts["machine"]
    assert machine["python"].endswith(platform.python_version())
    assert machine["versions"]["numpy"] == np.__version__
    assert machine["versions"]["numba"] == numba.__version__
    assert machine["cores"] in (os.cpu_count(), len(os.sched_getaffinity(0)))
    assert machine["variables"] == {"NUMBA_NUM_THREADS": "7", "OPENBLAS_NUM_THREADS": "3"} | {
        name: os.environ[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS") if name in os.environ
    }
    assert parts["kernels"]["threads"] == 7
    assert parts["peers"].keys() == {"part", "torch", "jax"}


def test_blas_has_as_many_threads_as_it_was_given():
    program = "from cli.lab.doctor.machine import blas; print(blas())"
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert "threads=1" in done.stdout or "openblas" not in done.stdout


def test_it_tells_of_the_vectors_that_numba_compiles_for(capsys, monkeypatch):
    from minigrad.kernels import host

    monkeypatch.setattr(host.numba.core.config, "CPU_NAME", "abacus")
    monkeypatch.setattr(host.numba.core.config, "CPU_FEATURES", "+avx2,+fma,-avx512f")
    host.host.cache_clear()
    try:
        parts, _ = asked(capsys)
    finally:
        host.host.cache_clear()
    assert (parts["kernels"]["processor"], parts["kernels"]["vector_bytes"]) == ("abacus", 32)


def test_auto_takes_a_kernel_where_there_is_one_and_says_why_where_not(capsys):
    _, layers = asked(capsys)
    cells = {cell for cell, _ in layers}
    assert cells == {"rnn", "relu", "gru", "gru-after", "lstm", "peephole", "jordan", "output-recurrence"}
    for cell in cells:
        family = "elman" if cell == "rnn" else cell
        for dtype in ("float32", "float64"):
            assert layers[cell, dtype]["takes"] == ("fused" if family in FUSED else "stepwise")
        assert layers[cell, "int"]["takes"] == "refused"
        assert "int64" in layers[cell, "int"]["why"]
    for cell in ("jordan", "output-recurrence"):
        assert f"{cell} has no fused kernel" in layers[cell, "float32"]["why"]


@pytest.mark.parametrize(("cell", "layer"), [("rnn", RNN), ("gru-after", GRU), ("lstm", LSTM)])
def test_float16_is_said_to_be_what_it_is(capsys, cell, layer):
    """What "auto" takes for it must work: with a kernel, or else step by step."""
    _, layers = asked(capsys)
    made = layer(2, 3, dtype=np.float16, rng=np.random.default_rng(0))
    output, _ = made(np.ones((2, 1, 2), np.float16))
    assert output.dtype == np.float16
    assert layers[cell, "float16"]["takes"] == ("fused" if made.fused else "stepwise")


def test_nothing_is_compiled_and_nothing_is_written(capsys, cache):
    before = compiled(kernels())
    parts, _ = asked(capsys)
    assert compiled(kernels()) == before
    assert not cache.exists()
    found = parts["cache"]
    assert found["folder"] == str(cache)
    assert found["named_by"] == "NUMBA_CACHE_DIR"
    assert found["obstacle"] is None
    assert found["bytes"] == 0
    assert found["older"] == []
    # Kernels look where they were told to when they were imported, which another test may have done.
    assert ("rnn-lab warm" in shown(capsys)) == (found["kernels"] < found["of"])


def test_kernels_are_counted_as_they_stand_in_the_sources(capsys):
    sources = [file for room in (minigrad, rnn) for file in Path(room.__path__[0]).rglob("*.py")]
    here = [file for file in sources if "cuda" not in file.parts]
    wanted = sum(line.startswith("@kernel") for file in here for line in file.read_text("utf-8").splitlines())
    assert asked(capsys)[0]["cache"]["of"] == wanted > 50


class Trap:
    """A pickle that would write a file if somebody loaded it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.write_text, (Path(self.path), "caught")


def test_folders_of_other_versions_are_told_from_ours_without_running_what_lies_there(capsys, cache, tmp_path):
    for name, version, size in (("a" * 20, "0.59.0", 1000), ("b" * 20, "0.59.0", 500), ("c" * 20, "0.61.2", 10)):
        folder = cache / name
        folder.mkdir(parents=True)
        numbers = pickle.dumps(version) + pickle.dumps(Trap(tmp_path / "trap"))
        (folder / "rows.forward-3.py312.nbi").write_bytes(numbers)
        (folder / "rows.forward-3.py312.1.nbc").write_bytes(bytes(size))
    (cache / ("d" * 20)).mkdir()
    cache_folder(Path(rnn.fused.__path__[0])).mkdir()
    (cache / "mine").mkdir()
    (cache / "mine" / "letter").write_text("not a kernel")
    older = {(o["numba"], o["python"]): o for o in asked(capsys)[0]["cache"]["older"]}
    assert {who: o["folders"] for who, o in older.items()} == {
        ("0.59.0", "3.12"): 2,
        ("0.61.2", "3.12"): 1,
        ("?", "?"): 1,
    }
    assert older["0.59.0", "3.12"]["bytes"] > 1500
    assert not (tmp_path / "trap").exists()
    assert "2 folders of Numba 0.59.0, Python 3.12" in shown(capsys)
    assert "to be rid of them delete the folder" in shown(capsys)


def test_a_cache_that_cannot_be_written_is_no_fault_but_is_said(capsys, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "below"))
    cache_folder.cache_clear()
    try:
        parts, _ = asked(capsys)
        assert parts["cache"]["obstacle"] == "not a directory"
        assert "nothing can be kept there: not a directory" in shown(capsys)
    finally:
        cache_folder.cache_clear()


def test_what_is_broken_is_said_and_the_rest_is_shown():
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([SCRIPT, "doctor"], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert done.stderr == ""
    assert "✗ NUMBA_DISABLE_JIT is set" in done.stdout
    assert done.stdout.count("✗") == 1
    assert "unset it" in done.stdout
    assert np.__version__ in done.stdout
    assert "nothing is broken" not in done.stdout


def test_a_library_that_cannot_be_imported_is_a_fault_said_once(capsys, monkeypatch):
    def refused(name):
        raise ImportError("Numba needs NumPy 1.0\nor less")

    monkeypatch.setattr(examination, "import_module", refused)
    parts, layers = asked(capsys, status=1)
    (fault,) = parts["verdict"]["broken"]
    assert fault.startswith("ImportError: Numba needs NumPy 1.0 or less; ")
    assert layers == {}
    assert "reason" in parts["cache"]
    assert run(["doctor", "--plain"]) == 1
    assert "✗ ImportError" in capsys.readouterr().out


def test_texts_are_looked_for_where_they_may_be(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("RNN_LAB_DATA", str(tmp_path))
    (tmp_path / "timemachine.txt").write_text("another text")
    parts, _ = asked(capsys)
    places = parts["texts"]["places"]
    assert places[0] == {"folder": str(tmp_path), "named_by": "RNN_LAB_DATA", "there": True}
    assert places[1]["named_by"] is None
    texts = {text["name"]: text for text in parts["texts"]["texts"]}
    assert texts.keys() == {"time-machine", "tiny-shakespeare"}
    assert texts["time-machine"]["path"] == str(tmp_path / "timemachine.txt")
    assert "SHA-256" in texts["time-machine"]["problem"]
    assert texts["time-machine"]["remedy"] == "rnn-lab data fetch time-machine"


@pytest.mark.parametrize("columns", [60, 120])
def test_it_fits_without_colour(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/a/folder/with/a/name/that/is/longer/than/sixty/columns/will/ever/be/for/it")
    run(["doctor", "--plain"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= columns
    assert out.rstrip().splitlines()[-1].strip().startswith(("compile ahead: ", "begin with: ", "mend it"))
