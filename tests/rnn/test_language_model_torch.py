"""The weights of a language model open in torch, by load_state_dict, and say the same there. Runs where torch is."""

from itertools import islice

import numpy as np
import pytest
from safetensors.numpy import load_file

from data import sequential_batches
from minigrad import relative_error
from minigrad.optim import Adam
from rnn.checkpoint import save_arrays
from rnn.models import LanguageModel
from rnn.training import Trainer

torch = pytest.importorskip("torch")

V, H = 11, 6
KINDS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
FORMS = {
    "one-hot": {},
    "deep": {"num_layers": 2, "dropout": 0.2},
    "embedded": {"embedding": 4},
    "tied": {"embedding": H, "tied": True},
    "both ways": {"bidirectional": True, "num_layers": 2, "embedding": 3},
}


class Torchs(torch.nn.Module):
    def __init__(self, cell, num_layers=1, embedding=None, tied=False, bidirectional=False, dropout=0.0):
        super().__init__()
        self.embedding = None if embedding is None else torch.nn.Embedding(V, embedding)
        self.rnn = KINDS[cell](embedding or V, H, num_layers, bidirectional=bidirectional)
        self.head = torch.nn.Linear(2 * H if bidirectional else H, V)
        if tied:
            self.head.weight = self.embedding.weight

    def forward(self, ids):
        x = torch.nn.functional.one_hot(ids, V).float() if self.embedding is None else self.embedding(ids)
        return self.head(self.rnn(x)[0])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cell", KINDS)
def test_a_trained_model_opens_in_torch(cell, form, tmp_path):
    rng = np.random.default_rng(0)
    ids = rng.integers(0, V, 300)
    ours = LanguageModel(V, H, cell=cell, rng=rng, **FORMS[form])
    it = Trainer(ours, Adam(ours.parameters(), 0.01), lambda rng: sequential_batches(ids, 3, 8, rng=rng), rng=rng)
    list(islice(it.steps(), 20))
    save_arrays(tmp_path / "last.safetensors", ours.state_dict(), {})

    theirs = Torchs(cell, **FORMS[form])
    theirs.load_state_dict({k: torch.from_numpy(a) for k, a in load_file(tmp_path / "last.safetensors").items()})
    with torch.no_grad(), ours.evaluating():
        found, expected = theirs(torch.from_numpy(ids[:, None])).numpy(), ours(ids[:, None])[0].data
    assert relative_error(found, expected) < 1e-5

    for p in theirs.parameters():
        torch.nn.init.normal_(p)
    ours.load_state_dict({k: a.numpy() for k, a in theirs.state_dict().items()})
    with torch.no_grad(), ours.evaluating():
        found, expected = theirs(torch.from_numpy(ids[:, None])).numpy(), ours(ids[:, None])[0].data
    assert relative_error(found, expected) < 1e-5
    if FORMS[form].get("tied"):
        assert ours.embedding.weight is ours.head.weight
