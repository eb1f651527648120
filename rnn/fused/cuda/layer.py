"""A layer over a whole sequence on a GPU: what `rnn.fused.layer` is on the CPU.

Per direction forward is one launch, and for vectors one product W_ih x for all steps before it. Backward is one launch,
after which ∂L/∂W_hh and ∂L/∂W_ih are one product each over all T·B steps and rows, the biases' sums are one launch, and
∂L/∂x is one product. For ids ∂L/∂W_ih is added up in order by the launch of the biases' sums. So a training step with
ids is four launches a layer and direction (gated recurrent units five, peepholes one more), with vectors seven (eight).
Nothing waits for the device.

What is read and written, in numbers: backward leaves d (T, B, G·H); forward keeps for it h⁽ᵗ⁻¹⁾ and, per row and step,
nothing more of an Elman network, 5H of an LSTM, 4H of gated recurrent units.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from minigrad.cuda import DeviceArray, empty, from_numpy, plain, product, zeros
from minigrad.cuda.elementwise import raw
from rnn.fused.cuda import rows, sums
from rnn.fused.cuda.family import Arrays, Family, Kept, flat
from rnn.fused.cuda.plan import Plan, planned

BETWEEN = 2  # steps that are kept of what nobody goes back through


def forward(inputs: Any, layout: Any, ids: Any, lengths: Any, keep: bool) -> tuple[tuple[DeviceArray, ...], Any]:
    """y (T, B, D·H), then each direction's last state, part by part; and what is kept, if there will be gradients."""
    x, runs = layout.parted(inputs)
    family: Family = layout.family
    w_hh = runs[0][1]["weight_hh"]
    units, dtype = w_hh.shape[1], w_hh.dtype
    steps, batch = (x if ids is None else ids).shape[:2]
    picked, ends = whole_numbers(ids), whole_numbers(lengths)
    slots = steps if keep else min(steps, BETWEEN)
    plan = planned(family.ahead(units, batch, dtype.itemsize))
    y = empty((steps, batch, layout.directions * units), dtype)
    finals, kept = [], []
    for d, (state, w) in enumerate(runs):
        final = empty((layout.parts, batch, units), dtype)
        each = Kept(
            empty((slots, batch, units), dtype), tuple(empty((slots, batch, k * units), dtype) for k in family.rest)
        )
        w_ih, w_hh = plain(w["weight_ih"]), plain(w["weight_hh"])
        given = w_ih if picked is not None else product(flat(plain(x)), w_ih, transpose_b=True)
        none = raw(w_hh)
        biases = [none if w[name] is None else raw(plain(w[name])) for name in ("bias_ih", "bias_hh")]
        launch(
            family.forward, plan, steps * family.stages,
            [raw(given), numbers(picked), none, *biases, *family.extra(w), numbers(ends),
             *(raw(plain(part)) for part in state), *map(raw, (each.before, *each.rest, y, final))],
            (steps, batch, units), (w_ih.shape[1], slots, y.shape[2], d * units), flags(family, d, picked, ends, w),
            dtype,
        )  # fmt: skip
        finals += [final[k] for k in range(layout.parts)]
        kept.append(each)
    return (y, *finals), (kept, picked, ends) if keep else None


def backward(
    g: tuple[DeviceArray, ...], inputs: Any, y: tuple[DeviceArray, ...], kept: Any, layout: Any, lengths: Any,
    wanted: tuple[bool, ...],
) -> list[DeviceArray | None]:  # fmt: skip
    """The cotangents of all inputs."""
    wide, state_wanted = layout.wanted(wanted)
    x, runs = layout.parted(inputs)
    family, parts = layout.family, layout.parts
    steps, batch, width = y[0].shape
    units, dtype, (each, picked, ends) = width // layout.directions, y[0].dtype, kept
    plan = planned(family.behind(units, batch, dtype.itemsize))
    dy, dx, found = raw(plain(g[0])), None, []
    for k, (_, w) in enumerate(runs):
        d = [empty((steps, batch, blocks * units), dtype) for blocks in family.back]
        d_start = empty((parts, batch, units), dtype)
        last = [raw(plain(part)) for part in g[1 + k * parts : 1 + (k + 1) * parts]]
        launch(
            family.backward, plan, steps * family.stages + 1,
            [raw(plain(w["weight_hh"])), *family.extra(w), numbers(ends), *map(raw, family.read(each[k], y[0])), dy,
             *last, *map(raw, (*d, d_start))],
            (steps, batch, units), (width, k * units), flags(family, k, None, ends, w), dtype,
        )  # fmt: skip
        if wide:
            dx = product(flat(d[-1]), w["weight_ih"], dx, accumulate=dx is not None)
        found += [d_start[i] if state_wanted else None for i in range(parts)]
        found += parameters(family, d, each[k], w, x, picked)
    return [None if dx is None else dx.reshape(x.shape), *found]


def parameters(
    family: Family, d: list[DeviceArray], kept: Kept, w: Arrays, x: Any, picked: DeviceArray | None
) -> list[DeviceArray | None]:
    """The gradients of a direction's parameters, in their order."""
    units = kept.before.shape[2]
    found = {"weight_hh": family.recurrent(d, kept, units), **family.others(d, kept, w)}
    names = ("bias_ih", "bias_hh")
    found |= {name: empty(w[name].shape, d[0].dtype) for name in names if w[name] is not None}
    if picked is None:
        found["weight_ih"] = product(flat(d[-1]).T, flat(plain(x)))
    else:
        found["weight_ih"] = empty(w["weight_ih"].shape, d[0].dtype)
    b_ih, b_hh = (found.get(name) for name in names)
    if d[0] is d[-1]:
        add_up(d[0], picked, found["weight_ih"], b_ih, b_hh)
    else:
        add_up(d[-1], picked, found["weight_ih"], b_ih, None)
        add_up(d[0], None, found["weight_ih"], None, b_hh)
    return [None if value is None else found[name] for name, value in w.items()]


def add_up(
    d: DeviceArray, picked: DeviceArray | None, d_w: DeviceArray, first: DeviceArray | None, second: DeviceArray | None
) -> None:
    """The sums of d by id into d_w, where there are ids, and over everything into the biases that there are."""
    vocabulary = 0 if picked is None else d_w.shape[1]
    wanted = sums.FIRST * (first is not None) + sums.SECOND * (second is not None)
    width, blocks = d.shape[2], -(-d.shape[2] // sums.WIDE) * (vocabulary + (wanted > 0))
    if blocks:
        targets = [raw(d_w) if a is None else raw(a) for a in (first, second)]
        sums.by_input[blocks, sums.THREADS](
            raw(d), numbers(picked), raw(d_w), *targets, d.shape[0] * d.shape[1], width, vocabulary, wanted
        )


def flags(family: Family, direction: int, picked: Any, ends: Any, w: Arrays) -> int:
    """What kernels are told in one number; see `rows`."""
    return (
        rows.REVERSE * (direction == 1) | rows.FORM * family.flag | rows.LOOK_UP * (picked is not None)
        | rows.UNEVEN * (ends is not None) | rows.BIAS_I * (w["bias_ih"] is not None)
        | rows.BIAS_H * (w["bias_hh"] is not None)
    )  # fmt: skip


def launch(
    kernel: Any, plan: Plan, stages: int, arrays: list[Any], sizes: tuple[int, ...], rest: tuple[int, ...], told: int,
    dtype: Any,
) -> None:  # fmt: skip
    """All stages at once, or each by itself where blocks must not wait for each other."""
    spare = None if plan.resident else empty((plan.blocks * plan.weights,), dtype)
    told |= rows.RESIDENT * plan.resident | rows.ALONE * plan.apart
    run = kernel[plan.blocks, plan.threads, 0, plan.shared]
    ends = [(0, stages)] if not plan.apart else [(0, 0), *((s, s + 1) for s in range(stages))]
    for begin, end in ends:
        run(
            *arrays, arrays[0] if spare is None else raw(spare), raw(counters(plan.parts)), begin, end, *sizes,
            plan.own, plan.parts, plan.rows, *rest, told,
        )  # fmt: skip


@cache
def counters(parts: int) -> DeviceArray:
    """One for each group of so many blocks: how often one of them has arrived, ever. See `block.arrive`."""
    return zeros((1024,), np.int64)


def numbers(a: DeviceArray | None) -> Any:
    """The flat array, or one that nobody will read."""
    return raw(counters(1) if a is None else a)


def whole_numbers(a: Any) -> DeviceArray | None:
    """Ids or lengths on the device, copied there if need be."""
    if a is None:
        return None
    if isinstance(a, DeviceArray):
        return plain(a if a.dtype == np.int64 else a.astype(np.int64))
    return from_numpy(np.ascontiguousarray(a, np.int64))
