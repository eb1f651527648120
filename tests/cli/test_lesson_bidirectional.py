"""The lesson on both directions: what is particular to it, and what breaks its claims."""

from functools import partial
from itertools import product

import lesson_cases
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lesson_cases import check_code_is_short, replaced

from cli.lab import lessons
from cli.lessons.bidirectional import blanks, language, misuse, networks, small, tagging, uneven, words
from cli.lessons.bidirectional.networks import NO_TARGET, Reader, mean_loss, reader, size
from cli.lessons.bidirectional.text import LETTERS, decode, encode, story, windows, without_spaces
from minigrad import Tensor, relative_error
from rnn.composition import Bidirectional
from rnn.layers import RNN

LESSON = lessons.load("bidirectional")
# A network trained by a broken program stays in the cache, so every such test has a seed of its own.
failing = partial(lesson_cases.failing, LESSON)


# What is wrong is noticed


@pytest.mark.parametrize("id", ["BI-1", "BI-3", "BI-5"])
def test_a_wrong_forward_equation_is_noticed(id, monkeypatch):
    replaced(monkeypatch, id, "return ", "return 1.01 * ")
    assert failing("both_ways") == ["BI-1 to BI-5 give what the engine has, at every step"]


@pytest.mark.parametrize(("right", "wrong"), [("grad_a_g", "grad_a_h"), ("t - 1", "t + 1"), ("W_g.T", "W_g")])
def test_a_wrong_way_back_is_noticed(right, wrong, monkeypatch):
    """BI-11 with the other chain's gradient, walking the other way, or without the transpose."""
    replaced(monkeypatch, "BI-11", right, wrong)
    assert "every gradient equals autograd" in failing("going_back", problems=1)


def test_states_that_are_not_turned_back_are_noticed(monkeypatch):
    def unturned(forward, backward, x):
        return small.concat([forward(x)[0], backward(x[::-1])[0]], axis=-1)

    monkeypatch.setattr(small, "read_both_ways", unturned)
    assert "the function above gives what the layer gives" in failing("as_code")


def test_a_batch_turned_with_its_padding_is_noticed(monkeypatch):
    monkeypatch.setattr(uneven, "states_of", lambda layer, ids, lengths: small.states_of(layer, ids, None))
    assert failing("padding") == ["told the lengths, padding changes no state"]


def test_a_second_direction_that_does_not_turn_is_noticed(monkeypatch):
    monkeypatch.setattr("rnn.composition.reverse", lambda x, lengths=None: x)
    assert "from both sides: share of words tagged right" in failing("tagging", seed=91)


def test_a_tagger_that_peeks_is_noticed(monkeypatch):
    """A reader from the left that waits for one word more than it says."""
    real = tagging.reader

    def peeking(symbols, units, outputs, view, rng, ahead):
        return real(symbols, units, outputs, view, rng, ahead + (view == "left"))

    monkeypatch.setattr(tagging, "reader", peeking)
    assert "no network does better than its view allows" in failing("tagging", seed=92)


def test_untrained_taggers_are_noticed(monkeypatch):
    monkeypatch.setattr(tagging, "fit", lambda *_, **__: None)
    assert len(failing("tagging", seed=93)) >= 2


def test_a_blank_that_can_be_read_is_noticed(monkeypatch):
    monkeypatch.setattr(blanks, "without_own", lambda states: states)
    assert "how far the letter that stood there moves its scores" in failing("blanks", seed=94)


def test_an_evaluation_that_does_not_look_is_noticed(monkeypatch):
    monkeypatch.setattr(misuse, "evaluate", lambda *_, **__: None)
    assert failing("leak") == ["the evaluation refuses: both ways"]


def test_writing_with_the_future_is_noticed(monkeypatch):
    """Given the whole text, the network that reads both ways does not say the last letter but one."""
    monkeypatch.setattr(misuse, "letter_by_letter", lambda network, ids: network(ids))
    assert len(failing("writing")) >= 3


# The language


def test_every_sentence_by_brute_force():
    adjectives, nouns, verbs = language.PARTS.values()
    phrases = [("the", *a, n) for a in ((), *((w,) for w in adjectives)) for n in nouns]
    expected = {(*s, v, *o, ".") for s in phrases for v in verbs for o in ((), *phrases)}
    known = language.language()
    written = [tuple(language.WORDS[i] for i in ids[:n]) for ids, n in zip(known.ids.T, known.lengths, strict=True)]
    assert len(written) == len(set(written)) == len(expected)
    assert set(written) == expected
    assert known.p.sum() == pytest.approx(1)


def test_every_tag_is_a_part_that_its_word_can_be():
    known = language.language()
    for t, s in zip(*np.nonzero(known.tags != NO_TARGET), strict=True):
        assert language.WORDS[known.ids[t, s]] in language.PARTS[language.TAGS[known.tags[t, s]]]


def test_the_two_sentences_of_the_first_page_are_in_it():
    known = language.language()
    for text, tags in tagging._PAIR:
        ids = [language.WORDS.index(w) for w in text.split()]
        same = (known.ids[: len(ids)] == np.array(ids)[:, None]).all(axis=0) & (known.lengths == len(ids))
        (s,) = np.flatnonzero(same)
        said = ["_" if k == NO_TARGET else language.TAGS[k] for k in known.tags[: len(ids), s]]
        assert [t.replace("adj", "adjective") for t in tags.split()] == said


def test_limits_against_sampled_sentences():
    """The best table of what is seen, counted on many random sentences and tried on them."""
    known, rng = language.language(), np.random.default_rng(0)
    ids, tags, _ = known.draw(60_000, rng)
    votes = {}
    for t, s in zip(*np.nonzero(tags != NO_TARGET), strict=True):
        votes.setdefault((t, *ids[: t + 1, s].tolist()), np.zeros(3))[tags[t, s]] += 1
    sampled = sum(v.max() for v in votes.values()) / sum(v.sum() for v in votes.values())
    assert sampled == pytest.approx(language.ceiling("left"), abs=5e-3)


def test_limits_grow_with_what_is_seen():
    left = [language.ceiling("left", k) for k in range(4)]
    assert left == sorted(left)
    assert left[1] < 1 - 1e-3
    assert left[2] == pytest.approx(1)
    assert language.ceiling("both") == pytest.approx(1)


def test_the_share_of_right_guesses_by_hand():
    known = language.language()
    assert known.share_right(known.tags) == pytest.approx(1)
    nouns = np.full_like(known.tags, language.TAGS.index("noun"))
    # Of (1.5 + 1 + .75) words each sentence has 1.5 nouns: a half has an object, half of either an adjective.
    assert known.share_right(nouns) == pytest.approx(1.5 / (0.5 + 1 + 1 + 0.5 + 0.25))


# The networks


def random_ids(steps=7, rows=5, symbols=4, seed=0):
    return np.random.default_rng(seed).integers(0, symbols, (steps, rows))


@pytest.mark.parametrize(("view", "ahead"), [("left", 0), ("left", 2), ("right", 0), ("both", 0)])
def test_what_a_reader_sees(view, ahead):
    """Change one symbol: scores move at the steps whose view it is in, and nowhere else."""
    network, ids = Reader(4, 3, 2, view, np.random.default_rng(0), ahead), random_ids()
    before = network(ids).data
    for s in range(6):  # the last symbol is read again while a late reader waits
        other = ids.copy()
        other[s] = (other[s] + 1) % 4
        moved = np.abs(network(other).data - before).max(axis=(1, 2)) > 0
        sees = {"left": lambda t, s=s: s <= t + ahead, "right": lambda t, s=s: s >= t, "both": lambda t: True}[view]
        assert moved.tolist() == [sees(t) for t in range(7)]


@pytest.mark.parametrize(("view", "ahead"), [("left", 0), ("left", 2), ("right", 0), ("both", 0)])
def test_ids_and_one_hot_vectors_are_read_alike(view, ahead):
    network, ids = Reader(4, 3, 2, view, np.random.default_rng(0), ahead), random_ids()
    assert relative_error(network(Tensor(np.eye(4)[ids])).data, network(ids).data) < 1e-12


@pytest.mark.parametrize("view", ["right", "both"])
def test_padding_is_not_read(view):
    network, ids, lengths = Reader(4, 3, 2, view, np.random.default_rng(0)), random_ids(), np.array([7, 3, 1, 5, 2])
    together = network(ids, lengths).data
    for row, n in enumerate(lengths):
        assert relative_error(together[:n, row], network(ids[:n, row : row + 1]).data[:, 0]) < 1e-12


@given(st.integers(2, 30), st.integers(2, 20), st.integers(2, 12), st.sampled_from(["left", "right"]))
def test_one_direction_is_never_the_smaller_network(units, symbols, outputs, view):
    rng = np.random.default_rng(0)
    one, both = (size(reader(symbols, units, outputs, v, rng)) for v in (view, "both"))
    assert both <= one <= 1.35 * both


def test_only_what_is_asked_for_enters_the_loss():
    scores = np.random.default_rng(0).standard_normal((3, 2, 4))
    targets = np.array([[1, NO_TARGET], [NO_TARGET, NO_TARGET], [0, 3]])
    log_p = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    expected = -(log_p[0, 0, 1] + log_p[2, 0, 0] + log_p[2, 1, 3]) / 3
    assert mean_loss(Tensor(scores), targets).item() == pytest.approx(expected)


def test_a_letter_alone_with_its_states_carried():
    """From the left that is the same as reading in one go; the other chain then runs forwards in time."""
    rng, ids = np.random.default_rng(0), random_ids(6, 2, 27)
    left, both = Reader(27, 4, 27, "left", rng), Reader(27, 4, 27, "both", rng)
    assert relative_error(misuse.letter_by_letter(left, ids).data, left(ids).data) < 1e-12
    chains = [layer(ids)[0].data for layer in (both.layer.forward, both.layer.backward)]
    expected = both.head(Tensor(np.concatenate(chains, axis=-1))).data
    assert relative_error(misuse.letter_by_letter(both, ids).data, expected) < 1e-12


def test_sensitivity_by_differences():
    network, ids = Reader(26, 3, 2, "both", np.random.default_rng(0)), random_ids(5, 2, 26)
    x, found = np.eye(26)[ids], np.zeros(5)
    for s, v in product(range(5), range(26)):
        up, down = x.copy(), x.copy()
        up[s, :, v] += 1e-5
        down[s, :, v] -= 1e-5
        change = (network(Tensor(up)).data[2] - network(Tensor(down)).data[2]) / 2e-5
        found[s] += (change**2).sum(-1).mean()
    assert words.sensitivity(network, ids) == pytest.approx(np.sqrt(found), rel=1e-6)


def test_neighbours_of_a_blank():
    states = Tensor(np.arange(24.0).reshape(4, 1, 6))
    found = blanks.without_own(states).data[:, 0]
    assert found[:, :3].tolist() == [[0, 0, 0], [0, 1, 2], [6, 7, 8], [12, 13, 14]]
    assert found[:, 3:].tolist() == [[9, 10, 11], [15, 16, 17], [21, 22, 23], [0, 0, 0]]


def test_chances_add_up_for_whoever_looks_back_only():
    rng = np.random.default_rng(3)
    assert misuse.added_up(Reader(27, 5, 27, "left", rng)) == pytest.approx(1, abs=1e-12)
    assert abs(misuse.added_up(Reader(27, 5, 27, "both", rng)) - 1) > 1e-4


# The text


def test_letters_there_and_back():
    assert decode(encode("The lamp, 2 keepers -- and Z")) == "the lamp keepers and z"
    assert set(story().training) == set(range(len(LETTERS)))


def test_words_run_together_by_hand():
    letters, ends = without_spaces(encode("on the bar"))
    assert "".join(LETTERS[k + 1] for k in letters) == "onthebar"
    assert ends.tolist() == [0, 1, 0, 0, 1, 0, 0, 1]
    assert words.divided(letters, ends, 2) == "the bar "
    assert words.divided(letters, 0 * ends, 0, room=4) == "onth"


def test_windows_are_pieces_of_the_text():
    ids = np.arange(10, 30)
    assert windows(ids, np.array([0, 7]), 3).T.tolist() == [[10, 11, 12], [17, 18, 19]]
    unseen = story().unseen(1)
    assert (unseen[:, 1] == story().held_out[7 : 7 + 17]).all()


# What is shown


@pytest.mark.parametrize("steps", [3, 4, 5])
def test_the_two_chains_are_drawn_in_columns(steps):
    lines = small.drawn(steps).splitlines()
    for k, t in enumerate("¹²³⁴⁵"[:steps]):
        column = 10 + 10 * k
        assert [lines[row][column : column + 4] for row in (0, 2, 3, 5)] == [f"{name}⁽{t}⁾" for name in "oghx"]
    assert lines[2].count("←") == lines[3].count("→") == steps
    assert max(map(len, lines)) <= 70


def test_the_network_copies_the_last_letter_but_one():
    network = misuse.predictor("both", "story", 24, 200, 0)
    assert misuse.write(network, "the lighthouse keeper", 8) == "erererer"


def test_code_on_the_page_is_short():
    check_code_is_short(LESSON, "read_both_ways", "without_own", "letter_by_letter")


def test_both_sizes_and_layers_are_real():
    """The hand-written page function and the project's layer, with states of unlike sizes, at one seed by NumPy."""
    rng = np.random.default_rng(5)
    ahead, back = RNN(3, 2, dtype=np.float64, rng=rng), RNN(3, 4, dtype=np.float64, rng=rng)
    x = rng.standard_normal((6, 1, 3))

    def by_numpy(layer, order):
        a = {k: v.astype(float) for k, v in layer.state_dict().items()}
        h, found = np.zeros(layer.hidden_size), {}
        for t in order:
            h = np.tanh(a["weight_ih_l0"] @ x[t, 0] + a["bias_ih_l0"] + a["weight_hh_l0"] @ h + a["bias_hh_l0"])
            found[t] = h
        return np.stack([found[t] for t in range(6)])

    expected = np.hstack([by_numpy(ahead, range(6)), by_numpy(back, range(5, -1, -1))])
    assert relative_error(Bidirectional(ahead, back)(x)[0].data[:, 0], expected) < 1e-12
    assert relative_error(small.read_both_ways(ahead, back, x).data[:, 0], expected) < 1e-12


def test_networks_are_the_ones_trained():
    """`fit` lowers the loss it is given."""
    rng = np.random.default_rng(0)
    network, ids = Reader(4, 6, 4, "both", rng), random_ids(8, 16)
    before = mean_loss(network(ids), ids).item()
    networks.fit(network, lambda: (ids, ids, None), 40)
    assert mean_loss(network(ids), ids).item() < before / 4
