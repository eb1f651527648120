"""torch on the processor or on a GPU, in its best idiomatic form; imports nothing of this project.

One-hot vectors are looked up in the identity, which is a little faster than `F.one_hot(ids).float()`. nn.RNN, nn.GRU
and nn.LSTM take no ids, so that the first layer's product is part of them. Gradients are set to None, and the norm
and SGD use the `foreach` form. For generation nn.LSTMCell ("eager") is much faster than nn.LSTM ("layer").
On a GPU cuDNN does the layers, eagerly; ids and targets lie there already. TF32, which is not float32, is off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

torch: Any = import_module("torch")
functional: Any = import_module("torch.nn.functional")

_settings: dict[str, str] = {}


def start(threads: int, variant: str) -> str:
    """The variant is "eager", "compile" (forward and loss through torch.compile), for generation "layer", or "cuda"."""
    torch.set_num_threads(threads)
    _settings.update(variant=variant, device="cuda" if variant == "cuda" else "cpu")
    if variant == "cuda":
        if not torch.cuda.is_available():
            raise ImportError("this one finds no GPU")
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    return str(torch.__version__)


def load(workload: Mapping[str, Any], problem: dict[str, Any]) -> Training | Generation:
    """The work of these weights."""
    return (Generation if workload["tokens"] else Training)(workload, problem)


def _network(workload: Mapping[str, Any], problem: Mapping[str, Any]) -> tuple[Any, Any]:
    hidden, vocabulary = workload["hidden"], workload["vocabulary"]
    layer = getattr(torch.nn, workload["cell"].upper())
    rnn = layer(vocabulary, hidden, workload["layers"], bidirectional=workload["bidirectional"])
    head = torch.nn.Linear(hidden * (2 if workload["bidirectional"] else 1), vocabulary)
    for module, prefix in (rnn, "rnn."), (head, "head."):
        arrays = {k.removeprefix(prefix): torch.tensor(a) for k, a in problem.items() if k.startswith(prefix)}
        module.load_state_dict(arrays)
    return rnn.to(_settings["device"]), head.to(_settings["device"])


class Training:
    """A training step, from the zero state."""

    def __init__(self, workload: Mapping[str, Any], problem: dict[str, Any]):
        self.rnn, self.head = _network(workload, problem)
        device = _settings["device"]
        self.ids = torch.tensor(problem["ids"], device=device)
        self.targets = torch.tensor(problem["targets"], device=device).reshape(-1)
        self.one_hot = torch.eye(workload["vocabulary"], device=device)
        self.parameters = [*self.rnn.parameters(), *self.head.parameters()]
        self.optimizer = torch.optim.SGD(self.parameters, lr=1.0, foreach=True)
        self.loss = torch.compile(self._loss) if _settings["variant"] == "compile" else self._loss

    def _loss(self) -> Any:
        h, _ = self.rnn(functional.embedding(self.ids, self.one_hot))
        return functional.cross_entropy(self.head(h).flatten(0, 1), self.targets)

    def step(self) -> tuple[float, float]:
        """The loss and the gradient's norm before clipping."""
        loss = self.loss()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0, foreach=True)
        self.optimizer.step()
        return loss.item(), norm.item()

    def check(self) -> list[float]:
        """Losses and norms of three steps."""
        return [x for _ in range(3) for x in self.step()]

    def gradients(self) -> list[float]:
        """The norm of each."""
        both = ("head.", self.head), ("rnn.", self.rnn)
        named = sorted((prefix + name, p) for prefix, module in both for name, p in module.named_parameters())
        return [p.grad.norm().item() for _, p in named]


class Generation:
    """Tokens one after the other from an LSTM of one layer, under no_grad, the state carried."""

    def __init__(self, workload: Mapping[str, Any], problem: dict[str, Any]):
        self.rnn, self.head = _network(workload, problem)
        self.ids, self.tokens = [int(i) for i in problem["ids"][:, 0]], workload["tokens"]
        self.one_hot = torch.eye(workload["vocabulary"])
        self.cell = torch.nn.LSTMCell(workload["vocabulary"], workload["hidden"])
        self.cell.load_state_dict({k.removesuffix("_l0"): a for k, a in self.rnn.state_dict().items()})

    def _advance(self, token: int, state: Any) -> tuple[Any, Any]:
        """Scores (V,) for what follows the token, and the state after it."""
        x = self.one_hot[token : token + 1]
        if _settings["variant"] == "layer":
            h, state = self.rnn(x[None], state)
            return self.head(h)[0, 0], state
        state = self.cell(x, state)
        return self.head(state[0])[0], state

    def step(self) -> None:
        """Sample them."""
        token, state = self.ids[0], None
        with torch.no_grad():
            for _ in range(self.tokens):
                scores, state = self._advance(token, state)
                token = torch.multinomial(torch.softmax(scores, -1), 1).item()

    def check(self) -> list[float]:
        """Mean −log P of each given id after those before it."""
        state, total = None, 0.0
        with torch.no_grad():
            for token, after in zip(self.ids, self.ids[1:], strict=False):
                scores, state = self._advance(token, state)
                total -= torch.log_softmax(scores, -1)[after].item()
        return [total / (len(self.ids) - 1)]


def on_device(step: Callable[[], Any], times: int) -> float:
    """Seconds of each of that many steps, between two events of the GPU."""
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    for _ in range(times):
        step()
    end.record()
    end.synchronize()
    return float(begin.elapsed_time(end)) / 1e3 / times
