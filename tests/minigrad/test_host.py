"""What a processor offers, from the names of its features; and that kernels are right on lesser ones than this."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import llvmlite.binding
import numba.core.config
import pytest

from minigrad.kernels.host import Host, described, host

SSE = {"sse", "sse2", "sse4.2"}
AVX = SSE | {"avx"}
AVX2 = AVX | {"avx2", "fma"}

KNOWN = {
    "sapphire rapids": (AVX2 | {"avx512f", "avx512vl"}, "x86_64", "AVX-512", 64, 8, True),
    "haswell": (AVX2, "x86_64", "AVX2", 32, 4, True),
    "windows calls it so": (AVX2, "AMD64", "AVX2", 32, 4, True),
    "avx2 without fma": (AVX2 - {"fma"}, "x86_64", "128 bits", 16, 4, False),
    "bulldozer": (AVX | {"fma4", "fma"}, "x86_64", "128 bits", 16, 4, True),
    "sandy bridge": (AVX, "x86_64", "128 bits", 16, 4, False),
    "nehalem": (SSE, "x86_64", "128 bits", 16, 4, False),
    "graviton": ({"neon", "fp-armv8"}, "aarch64", "NEON", 16, 8, True),
    "apple m1": ({"neon"}, "arm64", "NEON", 16, 8, True),
    "nothing known": (set(), "riscv64", "128 bits", 16, 4, False),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_processors(name):
    features, machine, *expected = KNOWN[name]
    assert described(name, features, machine) == Host(name, *expected)


@pytest.mark.parametrize("name", KNOWN)
def test_a_tile_fits_the_registers(name):
    """Two vectors of sums a row, two of the panel, and one number spread: 32 registers or 16."""
    features, machine, *_ = KNOWN[name]
    found = described(name, features, machine)
    registers = 32 if found.vector_bytes == 64 or machine in ("aarch64", "arm64") else 16
    assert 2 * found.tile_rows + 3 <= registers


@pytest.fixture
def told(monkeypatch):
    """Set what Numba is told to compile for, and see what that is taken for."""

    def tell(name, features):
        monkeypatch.setattr(numba.core.config, "CPU_NAME", name)
        monkeypatch.setattr(numba.core.config, "CPU_FEATURES", features)
        return host.__wrapped__()

    return tell


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="features of x86")
def test_what_numba_is_told_counts(told):
    assert told("haswell", "+avx2,+fma,-avx512f") == Host("haswell", "AVX2", 32, 4, True)
    assert told("nehalem", "").vectors == "128 bits"
    assert told("other", "-avx2,+avx,-fma,-avx512f") == Host("other", "128 bits", 16, 4, False)


def test_else_it_is_this_machine(told):
    """Its features are those that Linux knows of."""
    found, cpuinfo = told(None, None), Path("/proc/cpuinfo")
    assert found.name == llvmlite.binding.get_host_cpu_name()
    if platform.machine() == "x86_64" and cpuinfo.exists():
        flags = set(cpuinfo.read_text(encoding="utf-8").split("flags", 1)[1].split("\n", 1)[0].split())
        assert (found.vectors == "AVX-512") == ("avx512f" in flags)
        assert found.fma == ("fma" in flags)


def test_where_there_is_no_uname(monkeypatch):
    """As on Windows."""
    monkeypatch.delattr(os, "uname", raising=False)
    assert host.__wrapped__() == host()


# Products, losses and functions of a process that was told of another processor: relative errors by name.
PROGRAM = """
import json
import numpy as np
from minigrad import relative_error
from minigrad.kernels import gemm, host, linear, softmax
from kernel_cases import functions
rng, worst = np.random.default_rng(0), {}
for dtype in (np.float32, np.float64):
    for m, k, n in ((1, 9, 70), (7, 33, 5), (300, 31, 37), (64, 70, 28)):
        x, w, b, g = (rng.standard_normal(s).astype(dtype) for s in ((m, k), (n, k), (n,), (m, n)))
        hx, hw, hb, hg = (a.astype(np.longdouble) for a in (x, w, b, g))
        y = linear.affine(x, w, b)
        p, loss = softmax.softmax_loss(y, np.arange(m) % n)
        e = np.exp(y.astype(np.longdouble))
        found = [y, *linear.affine_gradients(g, x, w, True, True), p]
        exactly = [hx @ hw.T + hb, hg @ hw, hg.T @ hx, hg.sum(axis=0), e / e.sum(axis=1, keepdims=True)]
        s = np.linspace(-20, 20, 1003).astype(dtype)
        t = functions(s)
        found += [t["exp"], t["tanh"], t["sigmoid"]]
        s = s.astype(np.longdouble)
        exactly += [np.exp(s), np.tanh(s), 1 / (1 + np.exp(-s))]
        errors = [relative_error(a, b) for a, b in zip(found, exactly)]
        worst[dtype.__name__] = max(worst.get(dtype.__name__, 0.0), *map(float, errors))
print(json.dumps({"vectors": host.host().vectors, "rows": gemm.ROWS, "bytes": gemm.PANEL_BYTES, **worst}))
"""
OTHERS = {
    "haswell": ("+sse4.2,+avx,+avx2,+fma,+bmi,+bmi2,+popcnt,-avx512f", "AVX2", 4, 64),
    "sandybridge": ("+sse4.2,+avx,+popcnt,-avx2,-fma,-avx512f", "128 bits", 4, 32),
}


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="processors of this kind only")
@pytest.mark.parametrize("name", OTHERS)
def test_kernels_are_right_on_lesser_processors(tmp_path, name):
    features, *expected = OTHERS[name]
    environment = {
        **os.environ,
        "NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [found["vectors"], found["rows"], found["bytes"]] == expected
    assert found["float32"] < 3e-6
    assert found["float64"] < 1e-14
