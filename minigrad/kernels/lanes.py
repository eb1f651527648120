"""Eight float64 side by side as one number inside a kernel: what is decoded once is computed for eight samples.

`load` and `store` take an array of numbers (N,) or of lanes (N, 8), and the other functions and + − * a number or
lanes. So a kernel written with them is both: for one sample, and for eight. LLVM maps lanes to whatever vector
registers the machine has. To stay within the array is the caller's duty.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numba.core.imputils
import numba.core.typing.templates
import numba.extending
from llvmlite import ir
from numba.core import types

from minigrad.kernels.simd import cgutils, data_of, in_kernels

# Numba's own annotations, where there are any, are not of the strict kind.
_core: Any = numba.core
_extending: Any = numba.extending

WIDTH = 8

_VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)


class _Lanes(types.Type):
    """Numba's name for them."""


_make: Any = _Lanes
LANES = _make("Lanes")
_extending.register_model(_Lanes)(lambda *place: _extending.models.PrimitiveModel(*place, _VECTOR))


def _arithmetic(function: Callable[..., Any], instruction: str) -> None:
    """Let `function` of two lanes be LLVM's `instruction`."""

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args)

    class Typed(numba.core.typing.templates.ConcreteTemplate):
        cases = (_core.typing.signature(LANES, LANES, LANES),)

    _core.typing.templates.infer_global(function)(Typed)
    _core.imputils.lower_builtin(function, LANES, LANES)(lowered)


_arithmetic(operator.add, "fadd")
_arithmetic(operator.sub, "fsub")
_arithmetic(operator.mul, "fmul")


def _address(context: Any, builder: Any, kind: Any, array: Any, i: Any) -> Any:
    """A pointer to entry i of a flat array, or to its row i of lanes."""
    data = data_of(context, builder, kind, array)
    if kind.ndim == 1:
        return builder.gep(data, [i])
    first = builder.gep(data, [builder.mul(i, ir.Constant(i.type, WIDTH))])
    return builder.bitcast(first, _VECTOR.as_pointer())


@in_kernels
def load(typing: Any, array: Any, i: Any) -> Any:
    """Entry i of an array (N,), or row i of lanes (N, 8)."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_address(context, builder, array, *args), align=8)

    return (types.float64 if array.ndim == 1 else LANES)(array, types.uintp), generate


@in_kernels
def store(typing: Any, array: Any, i: Any, x: Any) -> Any:
    """Write x there; a number goes into every lane."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array_, i_, x_ = args
        if array.ndim == 2 and x != LANES:
            number, x_ = x_, ir.Constant(_VECTOR, ir.Undefined)
            for lane in range(WIDTH):
                x_ = builder.insert_element(x_, number, ir.Constant(ir.IntType(32), lane))
        builder.store(x_, _address(context, builder, array, array_, i_), align=8)
        return context.get_dummy_value()

    return types.void(array, types.uintp, x if x == LANES else types.float64), generate


def _kind(x: Any) -> Any:
    return _VECTOR if x == LANES else ir.DoubleType()


def _all(x: Any, number: float) -> Any:
    """The constant in every lane, where x has lanes."""
    return ir.Constant(_kind(x), [number] * WIDTH if x == LANES else number)


@in_kernels
def ramp(typing: Any, x: Any) -> Any:
    """relu: 0 where x ≤ 0, and x elsewhere, nan included."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        zero = _all(x, 0.0)
        return builder.select(builder.fcmp_ordered("<=", args[0], zero), zero, args[0])

    return x(x), generate


@in_kernels
def step(typing: Any, x: Any) -> Any:
    """1 where x > 0, and 0 elsewhere."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        zero = _all(x, 0.0)
        return builder.select(builder.fcmp_ordered(">", args[0], zero), _all(x, 1.0), zero)

    return x(x), generate


@in_kernels
def rounded(typing: Any, x: Any) -> Any:
    """x, a product: LLVM may not fuse it with an addition that follows, so the bits are those of Python's floats."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        name = f"llvm.arithmetic.fence.{f'v{WIDTH}f64' if x == LANES else 'f64'}"
        identity = ir.FunctionType(_kind(x), [_kind(x)])
        fence = cgutils.get_or_insert_function(builder.module, identity, name)
        return builder.call(fence, args)

    return x(x), generate
