"""exp, tanh and the logistic function for use inside kernels: without branches, so that a loop over them is vectors.

`np.exp` and `np.tanh` in a kernel are a call for each number, dearer than the products around them. These are
polynomials and quotients in the precision of their argument. NaN gives NaN, ±∞ the limits. Bounds on their errors, in
units of the last place and beside them absolutely, stand in `ERRORS` and are tested.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import overload

from minigrad.kernels.compiling import FLAGS, kernel
from minigrad.kernels.simd import in_kernels


class Bound(NamedTuple):
    """The greatest error of a function: relative where its value is normal, and absolute."""

    relative: float
    absolute: float


ERRORS = {
    ("exp", "float32"): Bound(2e-7, np.inf),
    ("exp", "float64"): Bound(4e-16, np.inf),
    ("tanh", "float32"): Bound(5e-7, 4e-7),
    ("tanh", "float64"): Bound(5e-16, 3e-16),
    ("sigmoid", "float32"): Bound(3e-7, 2e-7),
    ("sigmoid", "float64"): Bound(6e-16, 3e-16),
}

F = np.float32
ZERO, ONE = F(0), F(1)  # exact in both precisions, and no wider than either


def _scaling(steps: int) -> Any:
    """A function (p, shifted): p · 2ⁿ, where adding 1.5 · 2^(mantissa bits) has left n in the low bits of `shifted`.

    In two steps neither factor overflows or vanishes where the product does not; one will do for an exponent in range.
    """

    @in_kernels
    def scaled(typing: Any, p: Any, shifted: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            scalar = context.get_data_type(p)
            bits, mantissa, bias = (32, 23, 127) if p == types.float32 else (64, 52, 1023)
            integer = ir.IntType(bits)
            start = np.array(1.5 * 2.0**mantissa, p.name).view(f"int{bits}").item()
            n, result = builder.sub(builder.bitcast(args[1], integer), ir.Constant(integer, start)), args[0]
            half = builder.ashr(n, ir.Constant(integer, 1))
            for part in [n] if steps == 1 else [half, builder.sub(n, half)]:
                exponent = builder.shl(builder.add(part, ir.Constant(integer, bias)), ir.Constant(integer, mantissa))
                result = builder.fmul(result, builder.bitcast(exponent, scalar))
            return result

        return p(p, p), generate

    return scaled


_scaled, _scaled_once = _scaling(2), _scaling(1)


@kernel
def _series32(x: Any) -> Any:
    """e^r and what tells n, for x = n ln 2 + r, |r| ≤ ½ ln 2: e^x = 2ⁿ e^r."""
    shifted = x * F(1.4426950408889634) + F(12582912)
    n = shifted - F(12582912)
    r = x - n * F(0.693359375)
    r = r - n * F(-2.12194440e-4)
    p = F(1 / 5040)
    p = p * r + F(1 / 720)
    p = p * r + F(1 / 120)
    p = p * r + F(1 / 24)
    p = p * r + F(1 / 6)
    p = p * r + F(0.5)
    p = p * r + F(1)
    return p * r + F(1), shifted


@kernel
def _series64(x: Any) -> Any:
    shifted = x * 1.4426950408889634 + 6755399441055744.0
    n = shifted - 6755399441055744.0
    r = x - n * 6.93147180369123816490e-01
    r = r - n * 1.90821492927058770002e-10
    p = 1 / 6227020800
    p = p * r + 1 / 479001600
    p = p * r + 1 / 39916800
    p = p * r + 1 / 3628800
    p = p * r + 1 / 362880
    p = p * r + 1 / 40320
    p = p * r + 1 / 5040
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 0.5
    p = p * r + 1.0
    return p * r + 1.0, shifted


@kernel
def _exp32(x: Any) -> Any:
    x = F(-110) if x < F(-110) else x
    x = F(90) if x > F(90) else x
    p, shifted = _series32(x)
    return _scaled(p, shifted)


@kernel
def _exp64(x: Any) -> Any:
    x = -760.0 if x < -760.0 else x
    x = 720.0 if x > 720.0 else x
    p, shifted = _series64(x)
    return _scaled(p, shifted)


@kernel
def _tanh32(x: Any) -> Any:
    """A quotient of an odd polynomial of degree 13 and an even one of 6 on |x| ≤ 7.9; constant to 9, then ±1."""
    far = x
    x = F(-7.90531110763549805) if x < F(-7.90531110763549805) else x
    x = F(7.90531110763549805) if x > F(7.90531110763549805) else x
    z = x * x
    p = z * F(-2.76076847742355e-16) + F(2.00018790482477e-13)
    p = z * p + F(-8.60467152213735e-11)
    p = z * p + F(5.12229709037114e-08)
    p = z * p + F(1.48572235717979e-05)
    p = z * p + F(6.37261928875436e-04)
    p = z * p + F(4.89352455891786e-03)
    q = z * F(1.19825839466702e-06) + F(1.18534705686654e-04)
    q = z * q + F(2.26843463243900e-03)
    q = z * q + F(4.89352518554385e-03)
    y = x * (p / q)
    y = F(-1) if far < F(-9.02) else y
    return F(1) if far > F(9.02) else y


@kernel
def _tanh64(x: Any) -> Any:
    """x + x³ P(x²)/Q(x²) for |x| < 0.625 [Cody and Waite 1980], and sign(x) (1 − 2/(e^2|x| + 1)) beyond."""
    size, z = abs(x), x * x
    small, sign = size < 0.625, -1.0 if x < 0 else 1.0
    large = _exp64(2.0 * size) + 1.0  # outside of any choice, or the loop would have to branch
    p = (-9.64399179425052238628e-1 * z - 9.92877231001918586564e1) * z - 1.61468768441708447952e3
    q = ((z + 1.12811678491632931402e2) * z + 2.23548839060100448583e3) * z + 4.84406305325125486048e3
    near = x * z * p
    top = near if small else -2.0 * sign
    bottom = q if small else large
    y = (x if small else sign) + top / bottom
    return x if z == 0.0 else y  # −0 is itself


@kernel
def _sigmoid32(x: Any) -> Any:
    """1/(1 + e^−x), from −88 on, where it is less than any normal number, as there, and from −104 on 0."""
    far = x
    x = F(-88) if x < F(-88) else x
    x = F(88) if x > F(88) else x
    p, shifted = _series32(-x)
    y = F(1) / (F(1) + _scaled_once(p, shifted))
    return F(0) if far < F(-104) else y


@kernel
def _sigmoid64(x: Any) -> Any:
    far = x
    x = -709.0 if x < -709.0 else x
    x = 709.0 if x > 709.0 else x
    p, shifted = _series64(-x)
    y = 1.0 / (1.0 + _scaled_once(p, shifted))
    return 0.0 if far < -746.0 else y


def exp(x: Any) -> Any:
    """e^x."""
    raise NotImplementedError("for use inside kernels")


def tanh(x: Any) -> Any:
    """tanh x."""
    raise NotImplementedError("for use inside kernels")


def sigmoid(x: Any) -> Any:
    """σ(x) = 1/(1 + e^−x), exact to its last places on both sides."""
    raise NotImplementedError("for use inside kernels")


@overload(exp, jit_options={"fastmath": FLAGS, "error_model": "numpy"}, strict=False)
def _exp(x: Any) -> Any:
    return (lambda x: _exp32(x)) if x == types.float32 else (lambda x: _exp64(x))


@overload(tanh, jit_options={"fastmath": FLAGS, "error_model": "numpy"}, strict=False)
def _tanh(x: Any) -> Any:
    return (lambda x: _tanh32(x)) if x == types.float32 else (lambda x: _tanh64(x))


@overload(sigmoid, jit_options={"fastmath": FLAGS, "error_model": "numpy"}, strict=False)
def _sigmoid(x: Any) -> Any:
    return (lambda x: _sigmoid32(x)) if x == types.float32 else (lambda x: _sigmoid64(x))
