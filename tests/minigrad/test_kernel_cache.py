"""Compiled kernels: any change compiles afresh, and without one a second process compiles nothing."""

import builtins
import errno
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba.core.caching
import numba.core.config
import numpy as np
import pytest

from minigrad.kernels import compiling
from minigrad.kernels.compiling import cache_folder, cache_root
from minigrad.kernels.products import add_row_product

ROOT = Path(compiling.__file__).parents[2]

# A small sequence through the fused kernels, forward and where wanted back, and what Numba says of its cache.
PROGRAM = """
import json, sys
import numpy as np
from numba.core.dispatcher import Dispatcher
from minigrad import Tensor, grad
from rnn import RNN
layer = RNN(3, 9, dtype=np.float64, rng=np.random.default_rng(0), implementation="fused")
x = Tensor(np.random.default_rng(1).standard_normal((4, 2, 3)), requires_grad=True)
output, _ = layer(x, Tensor(np.random.default_rng(2).standard_normal((1, 2, 9))))
g = grad((output * output).sum(), x) if sys.argv[1:] == ["and back"] else x
found = {}
for module in [m for name, m in sys.modules.items() if name.split(".")[0] in ("minigrad", "rnn")]:
    found |= {id(v): v for v in vars(module).values() if isinstance(v, Dispatcher)}
stats = [d.stats for d in found.values()]
print(json.dumps({
    "hits": sum(sum(s.cache_hits.values()) for s in stats),
    "misses": sum(sum(s.cache_misses.values()) for s in stats),
    "folders": sorted({str(s.cache_path) for s in stats}),
    "output": output.data.ravel().tolist(), "gradient": g.data.ravel().tolist(),
}))
"""


def copy_of_the_kernels(folder):
    """minigrad/ and rnn/ as they are, in a folder of their own."""
    for room in ("minigrad", "rnn"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run(cwd, cache, *how):
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(cache),
        "PYTHONPATH": str(cwd),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *how], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Appended to a file: what the rest of it, and whoever imports from it, then finds under the old name.
CHANGED = {
    "a helper in minigrad/kernels": (
        "minigrad/kernels/vector.py",
        "_tanh_before = _tanh64\n\n\n@kernel\ndef _tanh64(x):\n    return 0.5 * _tanh_before(x)\n",
    ),
    "a helper in rnn/fused": (
        "rnn/fused/rows.py",
        "_load_before = load_state\n\n\n@kernel\ndef load_state(state, at, into, size):\n"
        "    _load_before(state, at, into, size)\n    for j in range(size):\n        into[j] += 0.5\n",
    ),
}


@pytest.mark.slow
def test_a_second_process_compiles_nothing_and_a_changed_helper_changes_the_answer(tmp_path):
    tree, cache = copy_of_the_kernels(tmp_path / "tree"), tmp_path / "cache"
    first = run(tree, cache, "and back")
    assert first["misses"] > 0
    assert all(folder.startswith(str(cache)) for folder in first["folders"])
    assert len(first["folders"]) == 2  # of minigrad/kernels and of rnn/fused
    second = run(tree, cache, "and back")
    assert second["misses"] == 0
    assert second["hits"] > 0
    assert (second["output"], second["gradient"]) == (first["output"], first["gradient"])
    for file, text in CHANGED.values():
        source = tree / file
        before = source.read_text(encoding="utf-8")
        source.write_text(f"{before}\n\n{text}", encoding="utf-8")
        changed = run(tree, cache)
        assert changed["misses"] > 0
        assert np.abs(np.subtract(changed["output"], first["output"])).max() > 1e-3
        source.write_text(before, encoding="utf-8")
    again = run(tree, cache)
    assert again["misses"] == 0  # what was kept of the old text is still there
    assert again["output"] == first["output"]


def copied_compiling(tree):
    """`compiling` as a module of the copied tree, so that its own folder is the copy."""
    spec = importlib.util.spec_from_file_location("copied_compiling", tree / "minigrad" / "kernels" / "compiling.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_folder_changes_with_every_source_and_only_then(tmp_path):
    tree = copy_of_the_kernels(tmp_path)
    folder = copied_compiling(tree).cache_folder.__wrapped__
    kernels = tree / "rnn" / "fused"
    start = folder(kernels)
    assert folder(kernels) == start
    sources = [*kernels.glob("*.py"), *(tree / "minigrad" / "kernels").glob("*.py")]
    assert {"elman_kernels.py", "rows.py", "gemm.py", "vector.py", "compiling.py"} <= {s.name for s in sources}
    seen = {start}
    for source in sources:
        text = source.read_bytes()
        source.write_bytes(text + b"# another\n")
        seen.add(folder(kernels))
        source.write_bytes(text)
        assert folder(kernels) == start
    assert len(seen) == len(sources) + 1
    (kernels / "another.py").write_text("", encoding="utf-8")
    assert folder(kernels) not in seen
    os.utime(sources[0])
    (kernels / "another.py").unlink()
    assert folder(kernels) == start  # a date is no change


def test_the_folder_changes_with_numba_and_the_processor(monkeypatch):
    fresh, here = cache_folder.__wrapped__, Path(compiling.__file__).parent
    start = fresh(here)
    monkeypatch.setattr(compiling.numba, "__version__", "0.0.1")
    other = fresh(here)
    monkeypatch.undo()
    monkeypatch.setattr(compiling.llvmlite.binding, "get_host_cpu_name", lambda: "abacus")
    assert len({start, other, fresh(here)}) == 3


def test_the_root_is_the_users_to_choose(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert cache_root() == tmp_path
    assert cache_folder.__wrapped__(Path(compiling.__file__).parent).parent == tmp_path
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert cache_root().parts[-2:] == ("rnn-lab", "kernels")


def test_numbas_own_setting_is_left_as_it_was():
    before = numba.core.config.CACHE_DIR
    compiling.kernel(add_row_product.py_func)
    assert before == numba.core.config.CACHE_DIR


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    """Kernels compiled by a test are kept in a folder of its own, and what goes wrong is said anew."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compiling, "_warned", set())
    cache_folder.cache_clear()
    yield tmp_path
    cache_folder.cache_clear()


def _doubled(x):
    return 2 * x


def doubled(number):
    """A kernel as a new process would have it: how often it was compiled, and its answer."""
    compiled = compiling.kernel(_doubled)
    answer = compiled(number)
    return sum(compiled.stats.cache_misses.values()), answer


@pytest.mark.usefixtures("own_cache")
def test_kernels_know_nan_and_keep_the_order_of_sums():
    """What LLVM may not assume: that x ≠ x never holds, or that (x + y) − y is x."""
    unlike_itself = compiling.kernel(lambda x: x != x)  # NaN's own test
    there_and_back = compiling.kernel(lambda x, y: (x + y) - y)
    assert unlike_itself(np.nan)
    assert not unlike_itself(1.0)
    assert there_and_back(1.0, 1e17) == 0


def test_what_is_kept_is_found_again(own_cache):
    assert doubled(21.0) == (1, 42)
    assert doubled(21.0) == (0, 42)
    assert doubled(21) == (1, 42)  # of another type
    folder = cache_folder(Path(__file__).parent)
    assert folder.parent == own_cache
    assert list(folder.iterdir())


def test_a_disk_that_fills_up_while_it_is_written_leaves_no_half_of_a_file(monkeypatch, own_cache):
    real = builtins.open

    def filling(file, mode="r", *args, **kwargs):
        opened = real(file, mode, *args, **kwargs)
        if "w" in mode:
            opened.write(b"the first part")
            opened.close()
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened

    with monkeypatch.context() as patch:
        patch.setattr(numba.core.caching, "open", filling, raising=False)
        assert doubled(21.0) == (1, 42)
    assert [f for f in own_cache.rglob("*") if f.is_file()] == []
    assert doubled(21.0) == (1, 42)
    assert doubled(21.0) == (0, 42)


FULL = """
import resource
import numpy as np
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # every write to a file fails, as on a full disk
from minigrad.kernels.softmax import softmax_loss
p, loss = softmax_loss(np.zeros((3, 4)), np.zeros(3, int))
print(loss)
"""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("resource") is None, reason="needs limits on a process")
def test_a_process_that_can_write_nothing_computes_all_the_same(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-c", FULL], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(3 * np.log(4))
    assert "Traceback" not in done.stderr
    assert [f for f in (tmp_path / "cache").rglob("*") if f.is_file()] == []


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [1, 7, 8, 9, 16, 23])
def test_add_row_product_adds_the_product(rows, dtype):
    """Whole blocks of eight rows, and what is left over."""
    rng = np.random.default_rng(rows)
    row, w, out = (rng.standard_normal(s).astype(dtype) for s in ((rows,), (rows, 5), (5,)))
    expected = [float(out[j]) + sum(float(row[k]) * float(w[k, j]) for k in range(rows)) for j in range(5)]
    add_row_product(out, row, w)
    np.testing.assert_allclose(
        out, expected, rtol=1e-5 if dtype is np.float32 else 1e-13, atol=1e-6 if dtype is np.float32 else 0
    )
    assert out.dtype == dtype
