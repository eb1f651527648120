"""The pages on misuse: a network that reads both ways, trained to say what comes next."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.bidirectional.networks import VIEWS, Reader, View, fit, reader
from cli.lessons.bidirectional.text import LETTERS, WINDOW, decode, encode, story
from cli.lessons.bidirectional.words import KNOBS
from minigrad import Tensor, log_softmax, no_grad, stack
from minigrad.graph import Array
from rnn import RnnError
from rnn.metrics import Context, Floats, Ids, evaluate, perplexity

V = len(LETTERS)
_SAID = f"unseen text; last but one: how often it says that letter; dice are right in {1 / V:.0%}"
PROMPT = "the lighthouse keeper"
WRITTEN = 26
Text = Literal["story", "dice"]
_VIEWS: tuple[View, ...] = ("left", "both")


@cache
def predictor(view: View, text: Text, width: int, training: int, seed: int) -> Reader:
    """A network trained on windows of a text to give the letter after each of theirs."""
    rng = np.random.default_rng([seed, 11])
    network = reader(V, width, V, view, rng)

    def batch() -> tuple[Array, Array, None]:
        ids = story().batch(rng, 1) if text == "story" else rng.integers(0, V, (WINDOW + 1, 12))
        return ids[:-1], ids[1:], None

    fit(network, batch, training, rate=0.015)
    return network


def nats(network: Reader, ids: Array) -> Array:
    """−log P of the letter after each of ids (T + 1, B) but the last: (T, B)."""
    with no_grad():
        log_p = log_softmax(network(ids[:-1])).data
    return -np.take_along_axis(log_p, ids[1:, :, None], axis=-1)[..., 0]


def tests(seed: int) -> dict[Text, Array]:
    """Windows that nobody has trained on: of the story, and of letters thrown with dice."""
    dice = np.random.default_rng([seed, 13]).integers(0, V, (WINDOW + 1, 400))
    return {"story": story().unseen(1), "dice": dice}


@experiment(**KNOBS)
def fine_perplexity(width: int = 24, training: int = 200, *, seed: int) -> Result:
    """The perplexity of unseen windows, of a story and of dice, as it comes out of the usual loop."""
    found: dict[tuple[View, Text], float] = {}
    for text, ids in tests(seed).items():
        for view in _VIEWS:
            found[view, text] = perplexity(float(nats(predictor(view, text, width, training, seed), ids).mean()))
    rows = tuple((VIEWS[view], found[view, "story"], found[view, "dice"]) for view in _VIEWS)
    columns: tuple[Column, ...] = (("reads", "text"), ("the story", "number"), ("dice", "number"))
    share = found["both", "story"] / found["left", "story"]
    return Result(
        (Table(columns, rows, f"perplexity of the next letter on unseen windows; {V} symbols on the dice"),),
        (
            at_least("on dice, reading from the left", found["left", "dice"], V - 1.0),
            at_most("on dice, reading both ways: what nobody can do", found["both", "dice"], V / 3),
            at_most("on the story, both ways, as a share of the left's", share, 0.6),
        ),
    )  # fmt: skip


@experiment(**KNOBS)
def leak(width: int = 24, training: int = 200, *, seed: int) -> Result:
    """Another next letter and nothing else; the loss by position; all next letters added up."""
    ids = tests(seed)["story"]
    networks = {view: predictor(view, "story", width, training, seed) for view in _VIEWS}
    moved = {view: answer_moves(network, ids[:-1]) for view, network in networks.items()}
    total = {view: added_up(network) for view, network in networks.items()}
    refused = {view: refusal(network, ids[:, 0], seed) for view, network in networks.items()}
    columns: tuple[Column, ...] = (("reads", "text"), ("scores move by", "number"), ("chances add up to", "number"))
    rows = tuple((VIEWS[view], moved[view], total[view]) for view in _VIEWS)
    return Result(
        (Table(columns, rows, "the next letter changed, and what all next letters are given in sum"),
         Excerpt(refused["both"], "\nwhat the project's own evaluation says")),
        (
            at_most("from the left, the next letter moves no score", moved["left"], 0),
            at_least("both ways it does", moved["both"], 0.1),
            at_most("from the left, the next letters' chances add up to 1: off by", abs(total["left"] - 1), 1e-12),
            at_least("both ways they add up to", total["both"], 2),
            at_most("the evaluation refuses: from the left", float(bool(refused["left"])), 0),
            at_least("the evaluation refuses: both ways", float(bool(refused["both"])), 1),
        ),
    )  # fmt: skip


def answer_moves(network: Reader, ids: Array) -> float:
    """How far the scores at a step move, at most, when the next letter is changed and nothing else."""
    at = len(ids) // 2
    other = ids.copy()
    other[at + 1] = (other[at + 1] + 1) % V
    with no_grad():
        return float(np.abs(network(ids).data[at] - network(other).data[at]).max())


def added_up(network: Reader) -> float:
    """Σ over all letters k of the chance that the network gives k after the prompt, in the text where k comes."""
    prompt = encode(PROMPT)
    texts = np.concatenate([np.tile(prompt[:, None], V), np.arange(V)[None]])
    with no_grad():
        log_p = log_softmax(network(texts)).data[-2]
    return float(np.exp(log_p[np.arange(V), np.arange(V)]).sum())


class AsPredictor:
    """The network as the evaluation wants it; the first letter is anyone's guess."""

    vocabulary = V

    def __init__(self, network: Reader):
        self.network = network

    def log_probs(self, ids: Ids, context: Context = "carry") -> Floats:
        """log P of each letter, as the network puts it when it is given the text."""
        column = np.asarray(ids)[:, None]
        return np.append(-np.log(V), -nats(self.network, column)[:, 0])

    def next_distribution(self, context: Ids) -> Floats:
        """What follows the context."""
        with no_grad():
            p: Floats = np.exp(log_softmax(self.network(np.asarray(context)[:, None])).data[-1, 0])
        return p


def refusal(network: Reader, ids: Array, seed: int) -> str:
    """What the evaluation says against the network; empty if it has nothing to say."""
    try:
        evaluate(AsPredictor(network), ids, rng=np.random.default_rng(seed))
    except RnnError as error:
        return str(error)
    return ""


@experiment(**KNOBS)
def by_step(width: int = 24, training: int = 200, *, seed: int) -> Result:
    """The loss by step of the window: at the last step the next letter is out of sight."""
    ids, found = tests(seed)["story"], {}
    for view in _VIEWS:
        each = nats(predictor(view, "story", width, training, seed), ids)
        found[view] = np.exp(each.mean(axis=1))
    curves = tuple(curve(VIEWS[view], range(1, WINDOW + 1), found[view]) for view in _VIEWS)
    seen, last = found["both"][:-1].mean(), found["both"][-1]
    return Result(
        (Plot("perplexity of the next letter, by step of the window", curves, "t"),),
        (
            at_least("both ways: the last step's perplexity, as a multiple of those before", last / seen, 2.0),
            at_least("there, as a multiple of the left's", last / found["left"][-1], 1.05),
        ),
    )


def letter_by_letter(network: Reader, ids: Array) -> Tensor:
    """Scores (T, B, V) as they come when each letter of ids (T, B) is read alone and the states are carried on."""
    state = None
    scores = []
    for letters in ids:
        h, state = network.layer(letters[None], state)
        scores.append(network.head(h)[0])
    return stack(scores)


@experiment(**KNOBS)
def writing(width: int = 24, training: int = 200, *, seed: int) -> Result:
    """Unseen text letter by letter, as when writing: no future, and in its place a state from the past."""
    ids, right, same, written_by, rows = tests(seed)["story"], {}, {}, {}, []
    for view in _VIEWS:
        network = predictor(view, "story", width, training, seed)
        with no_grad():
            log_p = log_softmax(letter_by_letter(network, ids[:-1])).data
        said = log_p.argmax(-1)
        right[view], same[view] = float((said == ids[1:]).mean()), float((said[1:] == ids[:-2]).mean())
        mean = -np.take_along_axis(log_p, ids[1:, :, None], axis=-1).mean()
        rows.append((VIEWS[view], perplexity(float(mean)), right[view], same[view]))
        written_by[view] = f"{view:6}{PROMPT}{write(network, PROMPT)}"
    columns: tuple[Column, ...] = (
        ("reads", "text"), ("perplexity", "number"), ("right", "share"), ("last but one", "share"),
    )  # fmt: skip
    return Result(
        (Excerpt("\n".join(written_by.values()), f"\nwhat each writes after “{PROMPT}”"),
         Table(columns, tuple(rows), _SAID)),
        (
            at_least("both ways: perplexity (the number of symbols is 27)", rows[1][1], V),
            at_most("both ways: right, as a multiple of a guess by dice", right["both"] * V, 3),
            at_least("both ways: how often it says the last letter but one", same["both"], 0.8),
            at_least("from the left: right, as a multiple of a guess by dice", right["left"] * V, 8),
        ),
    )  # fmt: skip


def write(network: Reader, prompt: str, count: int = WRITTEN) -> str:
    """Letters after the prompt, the most probable one each time, each read alone with the states carried on."""
    ids, state, text = encode(prompt), None, list[int]()
    with no_grad():
        for _ in range(count):
            for letter in ids:
                output, state = network.layer(np.array([[letter]]), state)
            ids = network.head(output).data[-1, 0].argmax(keepdims=True)
            text += ids.tolist()
    return decode(np.array(text))
