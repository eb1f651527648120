"""What the processor offers to a kernel: the width of its vectors, how many registers hold them, fused multiply-add."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding
import numba.core.config


@dataclass(frozen=True)
class Host:
    """A processor as kernels see it.

    `vector_bytes` is the width of a vector register, `tile_rows` how many rows of a product are summed in registers
    at a time, `fma` whether a · b + c is one instruction.
    """

    name: str
    vectors: str
    vector_bytes: int
    tile_rows: int
    fma: bool


@cache
def host() -> Host:
    """This machine, or the one that Numba was told to compile for (NUMBA_CPU_NAME, NUMBA_CPU_FEATURES)."""
    config: Any = numba.core.config
    name = config.CPU_NAME or llvmlite.binding.get_host_cpu_name()
    given = config.CPU_FEATURES
    features = given.split(",") if given is not None else llvmlite.binding.get_host_cpu_features().flatten().split(",")
    return described(name, {feature[1:] for feature in features if feature.startswith("+")}, platform.machine())


def described(name: str, features: set[str], machine: str) -> Host:
    """The host with these features. A product of r rows needs 2r + 3 registers, of which AVX2 has 16 and others 32."""
    if "avx512f" in features:
        return Host(name, "AVX-512", 64, 8, True)
    if "avx2" in features and "fma" in features:
        return Host(name, "AVX2", 32, 4, True)
    if machine in ("aarch64", "arm64"):
        return Host(name, "NEON", 16, 8, True)
    return Host(name, "128 bits", 16, 4, "fma" in features)
