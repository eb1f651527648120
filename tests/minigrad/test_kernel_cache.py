"""Compiled kernels: any change compiles afresh, and without one a second process compiles nothing."""

import importlib.util
import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minigrad.kernels import compiling
from minigrad.kernels.compiling import cache_folder, cache_root
from minigrad.kernels.products import add_row_product

ROOT = Path(compiling.__file__).parents[2]

# A small sequence through the fused kernels, forward and back, and what Numba says of its cache.
PROGRAM = """
import json, sys
import numpy as np
from numba.core.dispatcher import Dispatcher
from minigrad import Tensor, grad
from rnn import RNN
layer = RNN(3, 9, dtype=np.float64, rng=np.random.default_rng(0), implementation="fused")
x = Tensor(np.random.default_rng(1).standard_normal((4, 2, 3)), requires_grad=True)
output, _ = layer(x)
g = grad((output * output).sum(), x)
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


def run(cwd, cache):
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(cache),
        "PYTHONPATH": str(cwd),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def edit(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.slow
def test_a_second_process_compiles_nothing_and_a_changed_helper_changes_the_answer(tmp_path):
    tree, cache = copy_of_the_kernels(tmp_path / "tree"), tmp_path / "cache"
    first = run(tree, cache)
    assert first["misses"] > 0
    assert all(folder.startswith(str(cache)) for folder in first["folders"])
    second = run(tree, cache)
    assert second["misses"] == 0
    assert second["hits"] > 0
    assert (second["output"], second["gradient"]) == (first["output"], first["gradient"])
    edit(tree / "minigrad" / "kernels" / "products.py", "out[j] += near", "out[j] += near + near")
    changed = run(tree, cache)
    assert changed["misses"] > 0
    assert np.abs(np.subtract(changed["output"], first["output"])).max() > 1e-3
    assert np.abs(np.subtract(changed["gradient"], first["gradient"])).max() > 1e-3


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
    assert {"elman.py", "products.py", "compiling.py"} <= {s.name for s in sources}
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
    before = compiling.config.CACHE_DIR
    compiling.kernel(add_row_product.py_func)
    assert before == compiling.config.CACHE_DIR


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    """Kernels compiled by a test are kept in its own folder."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    cache_folder.cache_clear()
    yield
    cache_folder.cache_clear()


@pytest.mark.usefixtures("own_cache")
def test_kernels_know_nan_and_keep_the_order_of_sums():
    """What LLVM may not assume: that x ≠ x never holds, or that (x + y) − y is x."""
    unlike_itself = compiling.kernel(lambda x: x != x)  # NaN's own test
    there_and_back = compiling.kernel(lambda x, y: (x + y) - y)
    assert unlike_itself(np.nan)
    assert not unlike_itself(1.0)
    assert there_and_back(1.0, 1e17) == 0


@pytest.mark.usefixtures("own_cache")
def test_where_nothing_can_be_written_kernels_still_run(monkeypatch, caplog):
    """Numba refuses to cache with a RuntimeError; the kernel is compiled all the same, and that is logged."""
    njit = compiling.numba.njit

    def refusing(function, **options):
        if options.get("cache"):
            raise RuntimeError("no locator available")
        return njit(function, **options)

    monkeypatch.setattr(compiling.numba, "njit", refusing)
    with caplog.at_level(logging.WARNING):
        twice = compiling.kernel(lambda x: 2 * x)
    assert twice(21.0) == 42
    assert "kernels are not cached: no locator available" in caplog.text


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
