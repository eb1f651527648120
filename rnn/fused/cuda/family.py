"""The families of cells that have kernels on a GPU: what each gives its kernels, and makes of what they give."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from minigrad.cuda import DeviceArray, empty, product
from minigrad.cuda.elementwise import raw
from rnn.fused.cuda import elman_kernels, gru_before_kernels, gru_kernels, lstm_kernels, sums
from rnn.fused.cuda.plan import Work

Arrays = dict[str, Any]  # a direction's parameters by name; None for a bias that it lacks


class Kept(NamedTuple):
    """What one direction leaves for backward: h⁽ᵗ⁻¹⁾ (T, B, H), and what its steps computed, each (T, B, ·)."""

    before: DeviceArray
    rest: tuple[DeviceArray, ...]


class Family:
    """A family of cells, in one of two forms that `flag` chooses between. A block is H numbers.

    `gates` are the blocks of a step's input; `products` and `sums` say what forward does (see `plan.Work`), `stages`
    how many times in a step its blocks wait; `rest` how many blocks it keeps in each array besides h⁽ᵗ⁻¹⁾, `back` how
    many backward writes into each.
    """

    name: ClassVar[str]
    gates: ClassVar[int]
    products: ClassVar[tuple[int, ...]]
    sums: ClassVar[int]
    stages: ClassVar[int] = 1
    rest: ClassVar[tuple[int, ...]] = ()
    back: ClassVar[tuple[int, ...]]
    forward: ClassVar[Any]
    backward: ClassVar[Any]

    def __init__(self, flag: bool = False):
        self.flag = flag

    def ahead(self, units: int, batch: int, item: int) -> Work:
        """What forward does at a step."""
        return Work(self.products, units, self.sums, units, batch, item)

    def behind(self, units: int, batch: int, item: int) -> Work:
        """What backward does at a step."""
        return Work((1,), self.gates * units, 1, units, batch, item)

    def extra(self, w: Arrays) -> list[Any]:
        """What else than W_hh and the biases both kernels read."""
        return []

    def read(self, kept: Kept, y: Any) -> list[Any]:
        """What backward reads of what forward wrote, where y are the outputs."""
        return [kept.before, *kept.rest]

    def recurrent(self, d: list[DeviceArray], kept: Kept, units: int) -> DeviceArray:
        """∂L/∂W_hh: a sum over all steps and rows, as one product."""
        return product(flat(d[0]).T, flat(kept.before))

    def others(self, d: list[DeviceArray], kept: Kept, w: Arrays) -> Arrays:
        """The gradients of what is neither a weight matrix nor a bias."""
        return {}


class Elman(Family):
    """A step keeps nothing but its output. `flag`: with relu."""

    name, gates, products, sums, back = "elman", 1, (1,), 1, (1,)
    forward, backward = staticmethod(elman_kernels.forward), staticmethod(elman_kernels.backward)

    def read(self, kept: Kept, y: Any) -> list[Any]:
        """y alone."""
        return [y]


class LSTM(Family):
    """Gates i, f, g, o; a step keeps them and c⁽ᵗ⁻¹⁾. `flag`: with peepholes."""

    name, gates, products, sums, rest, back = "lstm", 4, (4,), 4, (5,), (4,)
    forward, backward = staticmethod(lstm_kernels.forward), staticmethod(lstm_kernels.backward)

    def extra(self, w: Arrays) -> list[Any]:
        """The peepholes."""
        return [raw(w["weight_peephole"] if self.flag else w["weight_hh"])]

    def read(self, kept: Kept, y: Any) -> list[Any]:
        """What the step computed."""
        return [*kept.rest]

    def others(self, d: list[DeviceArray], kept: Kept, w: Arrays) -> Arrays:
        """Peepholes."""
        if not self.flag:
            return {}
        steps, batch, units = kept.before.shape
        found = empty((3 * units,), kept.before.dtype)
        blocks = 3 * -(-units // sums.WIDE)
        sums.by_peepholes[blocks, sums.THREADS](raw(d[0]), raw(kept.rest[0]), raw(found), steps * batch, units)
        return {"weight_peephole": found}


class GRU(Family):
    """Gates r, z, n; the reset comes after the product. A step keeps the product q, and the gates."""

    name, gates, products, sums, rest, back = "gru", 3, (3,), 4, (1, 3), (3, 3)
    forward, backward = staticmethod(gru_kernels.forward), staticmethod(gru_kernels.backward)


class GRUBefore(Family):
    """The reset comes before the product. A step keeps what W_n is multiplied with, q = r ⊙ h⁽ᵗ⁻¹⁾, and the gates."""

    name, gates, products, sums, stages, rest, back = "gru", 3, (2, 1), 2, 2, (1, 3), (3,)
    forward, backward = staticmethod(gru_before_kernels.forward), staticmethod(gru_before_kernels.backward)

    def read(self, kept: Kept, y: Any) -> list[Any]:
        """All but q."""
        return [kept.before, kept.rest[1]]

    def recurrent(self, d: list[DeviceArray], kept: Kept, units: int) -> DeviceArray:
        """Rows of r and z are multiplied with h⁽ᵗ⁻¹⁾, those of n with q."""
        rows = flat(d[0])
        found = empty((3 * units, units), rows.dtype)
        product(rows[:, : 2 * units].T, flat(kept.before), found[: 2 * units])
        product(rows[:, 2 * units :].T, flat(kept.rest[0]), found[2 * units :])
        return found


def flat(x: DeviceArray) -> DeviceArray:
    """(T, B, ·) as (T·B, ·)."""
    return x.reshape(-1, x.shape[-1])
