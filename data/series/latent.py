"""A state that is not seen, moves by a linear rule, and shows in one noisy number at each step [S2; seed 004 8.1.2].

Everything is Gaussian, so that the best prediction is linear and its error known exactly: by the Kalman filter
for the whole past, and after τ updates for τ values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.checks import finite, not_negative, whole
from data.errors import DataError

Floats = NDArray[np.float64]
_SETTLED, _PATIENCE = 1e-14, 100_000
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class LatentLinear:
    """z_{t+1} = A z_t + N(0, Q), x_t = C z_t + N(0, R): a hidden state z of d numbers, one visible number x.

    A (d, d), C (d,), Q (d, d) symmetric and positive semidefinite, R ≥ 0. The series is stationary: z_0 has the
    covariance P that the rule keeps, P = A P Aᵀ + Q. Raises DataError for shapes that do not fit, for a Q that is no
    covariance, and unless every eigenvalue of A lies inside the unit circle.
    """

    A: Floats
    C: Floats
    Q: Floats
    R: float = 0.0

    def __post_init__(self) -> None:
        A, C, Q = finite(self.A, "A", (2,)), finite(self.C, "C"), finite(self.Q, "Q", (2,))
        size = len(C)
        if size == 0 or A.shape != (size, size) or Q.shape != (size, size):
            what = f"shapes A {A.shape}, C {C.shape}, Q {Q.shape} do not fit"
            raise DataError(what, "LatentLinear", "give A (d, d), C (d,) and Q (d, d)")
        if not np.allclose(Q, Q.T) or np.linalg.eigvalsh(Q).min() < -1e-12 * max(1.0, np.abs(Q).max()):
            raise DataError("Q is no covariance", "Q", "give a symmetric matrix without negative eigenvalues")
        radius = np.abs(np.linalg.eigvals(A)).max()
        if not radius < 1 - _ROUNDING:
            what = f"the largest eigenvalue of A has modulus {radius:.6g}"
            raise DataError(what, "A", "give a rule whose eigenvalues all lie inside the unit circle")
        for name, value in (("A", A), ("C", C), ("Q", Q), ("R", not_negative(self.R, "R"))):
            object.__setattr__(self, name, value)

    @cached_property
    def covariance(self) -> Floats:
        """P (d, d), the covariance of z_t: the solution of P = A P Aᵀ + Q, a linear equation in its entries."""
        size = len(self.C)
        kept = np.eye(size * size) - np.kron(self.A, self.A)
        P = np.linalg.solve(kept, self.Q.ravel()).reshape(size, size)
        return np.asarray((P + P.T) / 2)

    @property
    def variance(self) -> float:
        """The variance of x_t, C P Cᵀ + R: the squared error of one who always says 0."""
        return float(self.C @ self.covariance @ self.C + self.R)

    def sample(self, length: int, rng: np.random.Generator) -> Floats:
        """A series (N,)."""
        length, zeros = whole(length, "length"), np.zeros(len(self.C))
        pushed = rng.multivariate_normal(zeros, self.Q, length, method="eigh")
        states = np.empty_like(pushed)
        states[0] = rng.multivariate_normal(zeros, self.covariance, method="eigh")
        for t in range(1, length):
            states[t] = self.A @ states[t - 1] + pushed[t]
        return np.asarray(states @ self.C + np.sqrt(self.R) * rng.standard_normal(length))

    def floor(self, window: int | None = None, steps: int = 1) -> float:
        """The least expected squared error of a prediction `steps` ahead from the last τ = `window` values, or all.

        M, the covariance of z given the values so far, starts as P. A value takes M to
        A (M − M Cᵀ C M / s) Aᵀ + Q, where s = C M Cᵀ + R is the variance of what it could have been; a step without
        one takes it to A M Aᵀ + Q. After the last of them s is the error. The past is infinite for `window=None`.
        Raises DataError for a window below 0 and steps below 1.
        """
        M = self._settled() if window is None else self._after(whole(window, "window", 0))
        for _ in range(whole(steps, "steps") - 1):
            M = self.A @ M @ self.A.T + self.Q
        return float(self.C @ M @ self.C + self.R)

    def expected(self, values: ArrayLike) -> Floats:
        """E[x_t | x_0 … x_{t−1}] for every t of a series (N,): the predictions that nobody betters (Kalman filter)."""
        series = finite(values, "values")
        z, M = np.zeros(len(self.C)), self.covariance
        said = np.empty_like(series)
        for t, x in enumerate(series):
            said[t] = self.C @ z
            z = self.A @ (z + self._gain(M) * (x - said[t]))
            M = self._next(M)
        return said

    def _gain(self, M: Floats) -> Floats:
        """M Cᵀ / s: how far each entry of z follows a surprise in x. None where there can be no surprise."""
        spread = self.C @ M @ self.C + self.R
        return np.asarray(M @ self.C / spread) if spread > 0 else np.zeros(len(self.C))

    def _next(self, M: Floats) -> Floats:
        seen = M - np.outer(self._gain(M), self.C @ M)
        return np.asarray(self.A @ seen @ self.A.T + self.Q)

    def _after(self, values: int) -> Floats:
        M = self.covariance
        for _ in range(values):
            M = self._next(M)
        return M

    def _settled(self) -> Floats:
        """M after so many values that more do not change it."""
        M = self.covariance
        for _ in range(_PATIENCE):
            before, M = M, self._next(M)
            if np.abs(M - before).max() <= _SETTLED * np.abs(self.covariance).max():
                break
        return M


def autoregression(coefficients: Sequence[float], noise: float = 1.0) -> LatentLinear:
    """x_t = a₁ x_{t−1} + … + a_p x_{t−p} + N(0, noise²), linear and Gaussian, as a state of its last p values.

    From p values on the best error is noise²; k steps ahead it is noise² Σ_{j<k} ψ_j², ψ_0 = 1,
    ψ_j = Σ_i a_i ψ_{j−i}, which grows to the variance of x. Raises DataError where the series would not stay bounded.
    """
    a = finite(coefficients, "coefficients")
    if len(a) == 0:
        raise DataError("there are no coefficients", "coefficients", "give at least one")
    A, Q = np.eye(len(a), k=-1), np.zeros((len(a), len(a)))
    A[0], Q[0, 0] = a, not_negative(noise, "noise") ** 2
    return LatentLinear(A, np.eye(len(a))[0], Q)


def turning_phase(rate: float = 0.01, keep: float = 0.999, push: float = 0.01, noise: float = 0.2) -> LatentLinear:
    """A point that turns by `rate` radians at each step, seen from the side through noise: a sine that wanders.

    A = keep · rotation, Q = push² I, C = (1, 0), R = noise². No window of values holds all that its past tells
    about it, because a long past averages the noise away: x is ARMA(2, 2), and `floor(τ)` falls with τ towards
    `floor()`, more slowly the smaller the push. Raises DataError for keep outside [0, 1).
    """
    c, s = keep * np.cos(rate), keep * np.sin(rate)
    pushed = not_negative(push, "push") ** 2 * np.eye(2)
    return LatentLinear(np.array([[c, s], [-s, c]]), np.array([1.0, 0.0]), pushed, not_negative(noise, "noise") ** 2)
