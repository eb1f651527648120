"""Small trainings of every build, optimiser and way to sample, for tests."""

import numpy as np

from data import random_batches, sequential_batches
from minigrad.optim import SGD, Adagrad, Adam, AdamW, RMSprop
from minigrad.schedules import LambdaLR, cosine, warmup
from rnn.layers import LAYERS
from rnn.models import LanguageModel
from rnn.training import Trainer

V, T, B = 6, 8, 3
IDS = np.random.default_rng(0).integers(0, V, 230)  # 8 or 9 minibatches to a pass


def sequential(rng):
    return sequential_batches(IDS, B, T, rng=rng)


def shuffled(rng):
    return random_batches(IDS, B, T, rng=rng)


def lazy(rng):
    """Draws each minibatch as it is asked for."""
    for _ in range(5):
        places = rng.integers(0, 200, B)[:, None] + np.arange(T)
        yield IDS[places], IDS[places + 1]


OPTIMIZERS = {
    "sgd": lambda params: SGD(params, 0.5),
    "momentum": lambda params: SGD(params, 0.1, momentum=0.9, nesterov=True),
    "adagrad": lambda params: Adagrad(params, 0.05),
    "rmsprop": lambda params: RMSprop(params, 0.01, centered=True, momentum=0.5),
    "adam": lambda params: Adam(params, 0.01),
    "adamw": lambda params: AdamW(params, 0.01),
}
SCHEDULES = {"none": None, "warmup": warmup(4), "cosine": cosine(30, 0.1)}
MODELS = {
    **{cell: {"cell": cell} for cell in LAYERS},
    "deep": {"cell": "lstm", "num_layers": 2, "dropout": 0.3},
    "tied": {"cell": "gru", "embedding": 5, "tied": True, "dropout": 0.5},
    "both ways": {"cell": "rnn", "bidirectional": True, "embedding": 3},
}


def trainer(model="rnn", epoch=sequential, optimizer="adam", schedule="none", *, seed=0, dtype=np.float32, **options):
    rng = np.random.default_rng(seed)
    network = LanguageModel(V, 5, dtype=dtype, rng=rng, **MODELS[model])
    rule = OPTIMIZERS[optimizer](network.parameters())
    rate = SCHEDULES[schedule] and LambdaLR(rule, SCHEDULES[schedule])
    return Trainer(network, rule, epoch, rng=rng, schedule=rate, **options)
