"""Training, as a generator: one update, one report. From its state it goes on bit for bit. [D2L 8.5, seed 004]"""

from __future__ import annotations

import json
import math
import operator
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad import MinigradError, Tensor, cross_entropy
from minigrad.graph import Array
from minigrad.optim import Optimizer, clip_grad_norm, clip_grad_value
from minigrad.schedules import LambdaLR
from rnn.checkpoint import State
from rnn.errors import RnnError
from rnn.inputs import arrange_state, check_size
from rnn.layers import detached
from rnn.models import LanguageModel
from rnn.passes import Epoch, Passes
from rnn.trouble import TrainingStopped, diagnosis, first_fault
from rnn.truncation import truncated_bptt

_REMEMBERED = 20  # norms of the last gradients, for a diagnosis
_WHERE = "Trainer"


@dataclass(frozen=True)
class StepReport:
    """One update: its number and its pass (both from 1), mean loss in nats, gradient norm before clipping, tokens."""

    step: int
    epoch: int
    loss: float
    grad_norm: float
    tokens: int


class Trainer:
    """Updates a model for as long as reports are asked for.

    `epoch(rng)` gives one pass as (inputs, targets), each (B, T); what is drawn for it is drawn from `rng`. With
    `carry` the state goes on from minibatch to minibatch of a pass, cut from its history (sequential batches);
    otherwise each starts at zero (random ones). The gradient reaches back over a minibatch's T steps or, with
    `truncation`, every `stride` steps (as many if left out) over that many, as in `truncated_bptt`. It is scaled down
    to the norm `clip`, then cut to ±`clip_value`; None leaves either out. RnnError for settings that cannot be meant.

    `step` updates have been made; `passes` is the place in the data, `state` the layers' now. A loss or gradient that
    is not finite raises `TrainingStopped`; all is then as it was before that step.
    """

    def __init__(
        self,
        model: LanguageModel,
        optimizer: Optimizer,
        epoch: Epoch,
        *,
        rng: np.random.Generator,
        clip: float | None = 1.0,
        clip_value: float | None = None,
        carry: bool = True,
        schedule: LambdaLR | None = None,
        truncation: int | None = None,
        stride: int | None = None,
    ):
        _refuse(model, clip, clip_value, truncation, stride)
        self.model, self.optimizer, self.schedule, self.passes = model, optimizer, schedule, Passes(epoch, rng)
        self.clip, self.clip_value, self.carry = clip, clip_value, carry
        self.truncation, self.stride = truncation, stride
        self.step, self.state = 0, None
        self._draws, self._drawers = bool(model.rng_state()), model.rng_state()
        self._norms: deque[float] = deque(maxlen=_REMEMBERED)

    def steps(self) -> Iterator[StepReport]:
        """Update and report, without end. Another generator goes on where this one was left."""
        while True:
            yield self._update(*self.passes.next())

    def state_dict(self) -> State:
        """Copies of all that decides how it goes on: weights, optimiser, schedule, place, generators, layers' state.

        TrainingStopped if the last update has left weights that are not finite.
        """
        if fault := first_fault(self._watched()):
            raise self._stopped(self.step, "the last update made the weights infinite or NaN", fault)
        return self._state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from the state of a trainer with the same settings and data; RnnError, and nothing changes, else."""
        before = self._state_dict()
        try:
            self._go_to(state)
        except (LookupError, TypeError, ValueError, MinigradError) as error:
            self._go_to(before)
            remedy = "give that of a training with the same settings"
            raise RnnError(f"the state does not fit ({error})", _WHERE, remedy) from None

    def _update(self, inputs: Array, targets: Array) -> StepReport:
        if self._draws:
            self._drawers = self.model.rng_state()
        if not self.passes.taken:
            self.state = None
        with np.errstate(all="ignore"):  # what overflows is found by the next lines
            loss, state = self._gradient(inputs, targets)
            norm = clip_grad_norm(self.optimizer.params, math.inf if self.clip is None else self.clip)
            if not math.isfinite(loss + norm):
                raise self._diagnosed(inputs, targets, loss, norm)
            if self.clip_value is not None:
                clip_grad_value(self.optimizer.params, self.clip_value)
            self.optimizer.step()
        if self.schedule is not None:
            self.schedule.step()
        self.state = detached(state) if self.carry else None
        self.step += 1
        self.passes.take()
        self._norms.append(norm)
        return StepReport(self.step, self.passes.number, loss, norm, inputs.size)

    def _gradient(self, inputs: Array, targets: Array) -> tuple[float, Any]:
        """The mean loss, its gradient left at the parameters, and the layers' state after the minibatch."""
        self.optimizer.zero_grad()
        if self.truncation is not None:
            return self._truncated(inputs.T, targets.T, self.truncation)
        scores, state = self.model(inputs.T, self.state)
        loss = cross_entropy(scores, targets.T)
        loss.backward()
        return loss.item(), state

    def _truncated(self, inputs: Array, targets: Array, truncation: int) -> tuple[float, Any]:
        def share(h: Tensor, steps: slice) -> Tensor:
            return cross_entropy(self.model.scores(h), targets[steps]) * (len(targets[steps]) / len(targets))

        total, state = 0.0, self.state
        body = _Body(self.model)
        for part in truncated_bptt(body, inputs, share, window=truncation, stride=self.stride, state=state):
            part.loss.backward()
            total, state = total + part.loss.item(), part.state
        return total, state

    def _diagnosed(self, inputs: Array, targets: Array, loss: float, norm: float) -> TrainingStopped:
        """What went wrong in the step: it is taken once more from where it began, and every op is looked at."""
        self.model.load_rng_state(self._drawers)
        fault = first_fault(self._watched(), lambda: self._gradient(inputs, targets))
        self.model.load_rng_state(self._drawers)
        self.optimizer.zero_grad()
        self.passes.put_back()
        self._norms.append(norm)
        what = f"the gradient's norm is {norm:g}" if math.isfinite(loss) else f"the loss is {loss:g}"
        return self._stopped(self.step + 1, what, fault or "clip_grad_norm: the squares of the gradient overflow")

    def _stopped(self, step: int, what: str, fault: str) -> TrainingStopped:
        cause, remedy = diagnosis(fault, list(self._norms), self.optimizer.lr, self.clip, self.clip_value)
        return TrainingStopped(what, step, fault, cause, remedy)

    def _watched(self) -> dict[str, Array]:
        """What a step begins with, by name."""
        carried = {f"the state carried on, part {k}": part.numpy() for k, part in enumerate(_parts(self.state))}
        return {**{name: p.numpy() for name, p in self.model.named_parameters()}, **carried}

    def _state_dict(self) -> State:
        groups: dict[str, Mapping[str, Any]] = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": {} if self.schedule is None else self.schedule.state_dict(),
            "passes": self.passes.state_dict(),
            "state": {str(k): part.numpy().copy() for k, part in enumerate(_parts(self.state))},
        }
        found = {f"{group}.{name}": value for group, entries in groups.items() for name, value in entries.items()}
        return {"step": self.step, "dropout": json.dumps(self.model.rng_state(), default=np.ndarray.tolist), **found}

    def _go_to(self, state: Mapping[str, Any]) -> None:
        groups = _grouped(state, ("model", "optimizer", "schedule", "passes", "state"))
        step, drawers = operator.index(state["step"]), json.loads(state["dropout"])
        parts = self._state_of(groups["state"])
        self.model.load_state_dict(groups["model"])
        self.model.load_rng_state(drawers)
        self.optimizer.load_state_dict(groups["optimizer"])
        if self.schedule is not None:
            self.schedule.load_state_dict(groups["schedule"])
        elif groups["schedule"]:
            raise ValueError("there is a schedule in it, and here is none")
        self.passes.load_state_dict(groups["passes"])
        self.step, self.state = step, parts
        self._norms.clear()

    def _state_of(self, entries: Mapping[str, Array]) -> Any:
        """The layers' state from its parts by number; None of none."""
        if not entries:
            return None
        rnn = self.model.rnn
        parts = tuple(Tensor(np.array(entries[str(k)]), device=rnn.device) for k in range(len(entries)))
        count = rnn.num_layers * (2 if rnn.bidirectional else 1)
        shapes = [(count, parts[0].shape[1], width) for width in rnn.state_sizes]
        given = parts if len(shapes) > 1 else parts[0]
        tensors = arrange_state(given, rnn.cell.State._fields, shapes, rnn.dtype, "the layers' state")
        return tensors[0] if len(shapes) == 1 else rnn.cell.State(*tensors)


class _Body:
    """The layers of a model, as `truncated_bptt` walks over them: from ids (T, B)."""

    batch_first = False

    def __init__(self, model: LanguageModel):
        self.model, self.bidirectional, self.dtype = model, model.reads_future, model.rnn.dtype
        self.input_size, self.output_size = model.vocabulary, model.rnn.output_size

    def __call__(self, x: Any, state: Any = None, lengths: Any = None) -> tuple[Tensor, Any]:
        return self.model.hidden(x, state)


def _parts(state: Any) -> tuple[Tensor, ...]:
    """The tensors of a layers' state."""
    if state is None:
        return ()
    return state if isinstance(state, tuple) else (state,)


def _grouped(state: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The entries `group.name` by group."""
    groups: dict[str, dict[str, Any]] = {name: {} for name in names}
    for key in state.keys() - {"step", "dropout"}:
        group, _, name = key.partition(".")
        groups[group][name] = state[key]
    return groups


def _refuse(
    model: LanguageModel, clip: float | None, clip_value: float | None, truncation: int | None, stride: int | None
) -> None:
    for name, limit in (("clip", clip), ("clip_value", clip_value)):
        if limit is not None and not limit > 0:
            raise RnnError(f"{name} is {limit}", _WHERE, "give a number above 0, or None for none")
    for name, steps in (("truncation", truncation), ("stride", stride)):
        if steps is not None:
            check_size(name, steps, _WHERE)
    if stride is not None and (truncation is None or truncation < stride):
        what = f"a stride of {stride} with {'no truncation' if truncation is None else f'a truncation of {truncation}'}"
        raise RnnError(what, _WHERE, f"give a truncation of at least {stride}, or no stride")
    if truncation is not None and model.reads_future:
        remedy = "leave out truncation, or bidirectional"
        raise RnnError("truncated backpropagation cannot go with a model that reads the future", _WHERE, remedy)
