"""Networks trained here go on in torch, and the other way round. Runs where torch is installed, and only there."""

import numpy as np
import pytest

from minigrad import cross_entropy, grad, relative_error
from minigrad.nn import Linear, Module
from rnn import GRU, LSTM, RNN

torch = pytest.importorskip("torch")

VOCABULARY, HIDDEN, STEPS, BATCH = 7, 5, 6, 3
LAYERS = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}
BOUNDS = {"float32": 2e-6, "float64": 1e-13}


class Ours(Module):
    """ids → one-hot → layer → scores."""

    def __init__(self, kind, dtype, form):
        rng = np.random.default_rng(3)
        self.rnn = LAYERS[kind](VOCABULARY, HIDDEN, dtype=dtype, rng=rng, **form)
        self.head = Linear(HIDDEN * (1 + form["bidirectional"]), VOCABULARY, dtype=dtype, rng=rng)

    def __call__(self, ids):
        return self.head(self.rnn(ids)[0])


class Torchs(torch.nn.Module):
    """The same in torch."""

    def __init__(self, kind, dtype, form):
        super().__init__()
        torch.manual_seed(4)
        given = {"dtype": getattr(torch, dtype)}
        self.rnn = getattr(torch.nn, kind)(VOCABULARY, HIDDEN, **form, **given)
        self.head = torch.nn.Linear(HIDDEN * (1 + form["bidirectional"]), VOCABULARY, **given)

    def forward(self, ids):
        return self.head(self.rnn(torch.nn.functional.one_hot(ids, VOCABULARY).to(self.head.weight.dtype))[0])


def text(seed):
    return np.random.default_rng(seed).integers(VOCABULARY, size=(STEPS + 1, BATCH))


def train_ours(net):
    """Five steps of gradient descent; the loss falls, so that what is handed over has been learned."""
    losses, ids, params = [], text(0), net.parameters()
    for _ in range(5):
        loss = cross_entropy(net(ids[:-1]).reshape(-1, VOCABULARY), ids[1:].reshape(-1))
        for p, g in zip(params, grad(loss, params), strict=True):
            p.assign(p.data - g.data)
        losses.append(loss.item())
    return losses


def train_torchs(net):
    """The same five steps there."""
    losses, ids, optimizer = [], torch.tensor(text(0)), torch.optim.SGD(net.parameters(), lr=1)
    for _ in range(5):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(ids[:-1]).reshape(-1, VOCABULARY), ids[1:].reshape(-1))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def to_torch(net):
    return {name: torch.from_numpy(a) for name, a in net.state_dict().items()}


def to_ours(net):
    return {name: p.numpy() for name, p in net.state_dict().items()}


def difference(ours, torchs):
    ids = text(1)
    with torch.no_grad():
        return relative_error(ours(ids).data, torchs(torch.tensor(ids)).numpy())


@pytest.fixture(params=[False, True], ids=["one direction", "both directions"])
def form(request):
    return {"num_layers": 2, "bidirectional": request.param}


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("kind", LAYERS)
def test_what_is_trained_here_gives_the_same_scores_in_torch(kind, dtype, form):
    ours, torchs = Ours(kind, dtype, form), Torchs(kind, dtype, form)
    assert difference(ours, torchs) > 0.1
    losses = train_ours(ours)
    assert losses[-1] < losses[0]
    torchs.load_state_dict(to_torch(ours))
    assert difference(ours, torchs) < BOUNDS[dtype]


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("kind", LAYERS)
def test_what_is_trained_in_torch_gives_the_same_scores_here(kind, dtype, form):
    ours, torchs = Ours(kind, dtype, form), Torchs(kind, dtype, form)
    losses = train_torchs(torchs)
    assert losses[-1] < losses[0]
    ours.load_state_dict(to_ours(torchs))
    assert list(ours.state_dict()) == list(torchs.state_dict())
    assert difference(ours, torchs) < BOUNDS[dtype]


@pytest.mark.parametrize("kind", LAYERS)
def test_training_goes_on_there_as_here(kind, form):
    """Handed over untrained, both take the same five steps."""
    ours, torchs = Ours(kind, "float64", form), Torchs(kind, "float64", form)
    torchs.load_state_dict(to_torch(ours))
    assert relative_error(np.array(train_ours(ours)), np.array(train_torchs(torchs))) < 1e-13
    assert difference(ours, torchs) < 1e-12
