"""Minibatches of sentences: those printed in seed 000, and what holds for all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import BOS, EOS, PAD, UNKNOWN, DataError, Padded, Vocab, padded, padded_batches, stateful_batches

# seed 000: four sentences, their ids in the order in which words appear, and the matrix. Full stops are dropped there.
SENTENCES = [
    "I love AI",
    "She is studying machine learning",
    "He is a scientist",
    "Deep learning models are fascinating",
]
PRINTED_IDS = {
    "I": 1, "love": 2, "AI": 3, "She": 4, "is": 5, "studying": 6, "machine": 7, "learning": 8, "He": 9, "a": 10,
    "scientist": 11, "Deep": 12, "models": 13, "are": 14, "fascinating": 15,
}  # fmt: skip
PRINTED = [[1, 2, 3, 0, 0], [4, 5, 6, 7, 8], [9, 5, 10, 11, 0], [12, 8, 13, 14, 15]]
MASK = [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]

tokens = st.lists(st.integers(1, 99), min_size=1, max_size=7)
corpora = st.lists(tokens, min_size=1, max_size=12)


def test_the_printed_sentences():
    words = dict.fromkeys(" ".join(SENTENCES).split())
    vocab = Vocab((PAD, *words, UNKNOWN), "word", (PAD,))
    assert {word: int(vocab.ids_of(word)) for word in words} == PRINTED_IDS
    batch = padded([vocab.encode(sentence) for sentence in SENTENCES], int(vocab.ids_of(PAD)))
    assert batch.ids.tolist() == PRINTED
    assert batch.lengths.tolist() == [3, 5, 4, 5]
    assert batch.mask.tolist() == [[bool(m) for m in row] for row in MASK]
    assert vocab.tokens_of(batch.ids)[0].tolist() == ["I", "love", "AI", PAD, PAD]
    assert vocab.unknown_id == 16
    assert batch.ids.dtype == batch.lengths.dtype == np.int64


def test_the_printed_sentences_with_begin_and_end():
    vocab = Vocab.from_text(" ".join(SENTENCES), "word", reserved=(PAD, BOS, EOS))
    bos, eos, pad = vocab.ids_of([BOS, EOS, PAD])
    rows = [[bos, *vocab.encode(sentence), eos] for sentence in SENTENCES]
    inputs, targets = padded(rows, pad).shifted()
    said = [" ".join(row) for row in vocab.tokens_of(inputs.ids).tolist()]
    wanted = [" ".join(row) for row in vocab.tokens_of(targets.ids).tolist()]
    assert said[0] == "<bos> I love AI <pad> <pad>"
    assert wanted[0] == "I love AI <eos> <pad> <pad>"
    assert wanted[1] == "She is studying machine learning <eos>"
    assert inputs.lengths.tolist() == targets.lengths.tolist() == [4, 6, 5, 6]


@given(corpora, st.sampled_from([0, -1, 100]))
def test_padding_adds_to_the_end_and_nothing_else(sentences, pad):
    ids, lengths = padded(sentences, pad)
    assert ids.shape == (len(sentences), max(map(len, sentences)))
    for row, length, sentence in zip(ids.tolist(), lengths, sentences, strict=True):
        assert row == sentence + [pad] * (len(row) - length)
    assert (Padded(ids, lengths).mask == (ids != pad)).all()


@given(st.lists(st.lists(st.integers(1, 99), min_size=2, max_size=7), min_size=1, max_size=9))
def test_each_target_is_the_token_after_its_input(sentences):
    inputs, targets = padded(sentences).shifted()
    assert (inputs.mask == targets.mask).all()
    for b, sentence in enumerate(sentences):
        n = len(sentence) - 1
        assert inputs.ids[b].tolist() == sentence[:-1] + [0] * (inputs.ids.shape[1] - n)
        assert targets.ids[b].tolist() == sentence[1:] + [0] * (inputs.ids.shape[1] - n)


def test_a_sentence_of_one_token_has_no_target():
    with pytest.raises(DataError, match="sentence 1 has one token"):
        padded([[1, 2], [3]]).shifted()


@given(corpora, st.integers(1, 5), st.integers(0, 99), st.booleans(), st.booleans())
def test_a_pass_has_every_sentence_once(sentences, batch, seed, at_random, alike):
    rng = np.random.default_rng(seed) if at_random else None
    minibatches = list(padded_batches(sentences, batch, rng=rng, alike=alike))
    rows = [row[:n].tolist() for ids, lengths in minibatches for row, n in zip(ids, lengths, strict=True)]
    assert sorted(rows) == sorted(sentences)
    sizes = [len(lengths) for _, lengths in minibatches]
    assert sorted(sizes, reverse=True) == [batch] * (len(sentences) // batch) + [len(sentences) % batch] * (
        len(sentences) % batch > 0
    )
    if not at_random:
        assert rows == (sorted(sentences, key=len) if alike else sentences)
    if alike:
        spans = sorted((lengths.min(), lengths.max()) for _, lengths in minibatches)
        assert all(spans[i][1] <= spans[i + 1][0] for i in range(len(spans) - 1))


def test_like_lengths_are_padded_less_and_come_in_random_order():
    rng = np.random.default_rng(0)
    sentences = [np.ones(n, int) for n in rng.integers(1, 50, size=200)]
    mixed, alike = (list(padded_batches(sentences, 10, rng=rng, alike=which)) for which in (False, True))
    waste = [sum((~batch.mask).sum() for batch in batches) for batches in (mixed, alike)]
    assert waste[1] * 10 < waste[0]
    longest = [batch.ids.shape[1] for batch in alike]
    assert longest != sorted(longest)
    assert len({tuple(batch.lengths) for batch in padded_batches(sentences, 10, rng=rng, alike=True)}) > 10


def test_all_randomness_is_drawn_at_the_call():
    sentences, rng = [[i] for i in range(1, 30)], np.random.default_rng(5)
    minibatches = padded_batches(sentences, 4, rng=rng)
    state = rng.bit_generator.state
    first = [batch.ids.tolist() for batch in minibatches]
    assert rng.bit_generator.state == state
    assert first == [batch.ids.tolist() for batch in padded_batches(sentences, 4, rng=np.random.default_rng(5))]
    assert first != [batch.ids.tolist() for batch in padded_batches(sentences, 4, rng=rng)]


@given(st.lists(corpora, min_size=1, max_size=7), st.integers(1, 4))
def test_each_document_stays_in_its_row_in_order(documents, batch):
    read: list[list[list[int]]] = []
    rows: dict[int, list[list[int]]] = {}
    before = min(batch, len(documents))
    for ids, lengths, fresh in stateful_batches(documents, batch):
        assert len(ids) <= before
        before = len(ids)
        for b in range(len(ids)):
            if fresh[b]:
                rows[b] = []
                read.append(rows[b])
            rows[b].append(ids[b, : lengths[b]].tolist())
            assert (ids[b, lengths[b] :] == 0).all()
    assert sorted(read) == sorted(documents)


def test_two_rows_by_hand():
    documents = [[[1], [2, 3], [4]], [[5, 6]], [[7], [8, 9]]]
    minibatches = list(stateful_batches(documents, 2))
    assert [m.ids.tolist() for m in minibatches] == [[[1, 0], [5, 6]], [[2, 3], [7, 0]], [[4, 0], [8, 9]]]
    assert [m.fresh.tolist() for m in minibatches] == [[True, True], [False, True], [False, False]]
    assert minibatches[1].mask.tolist() == [[True, True], [True, False]]


def test_rows_that_have_ended_are_the_last():
    minibatches = list(stateful_batches([[[1]], [[2], [3]], [[4], [5], [6]]], 3))
    assert [m.ids.ravel().tolist() for m in minibatches] == [[4, 2, 1], [5, 3], [6]]


def test_the_work_is_shared_out_evenly():
    documents = [[[1]] * n for n in (5, 1, 1, 1, 1, 1)]
    assert len(list(stateful_batches(documents, 2))) == 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: padded([]), "there are no sentences"),
        (lambda: padded([[1], []]), "a sentence is empty; sentence 1"),
        (lambda: padded([[1, 0, 2]]), "a token has the id 0, which pads; sentence 0"),
        (lambda: padded([[1, 7]], 7), "a token has the id 7, which pads"),
        (lambda: padded([[1.5]]), "dtype float64"),
        (lambda: padded([[[1]]]), r"shape \(1, 1\)"),
        (lambda: padded_batches([[1]], 0), "the batch is 0"),
        (lambda: padded_batches([], 2), "there are no sentences"),
        (lambda: stateful_batches([[[1]]], 0), "the batch is 0"),
        (lambda: stateful_batches([], 2), "there is no document"),
        (lambda: stateful_batches([[[1]], []], 2), "one without sentences"),
        (lambda: stateful_batches([[[1], []]], 2), "a sentence is empty; sentence 1"),
    ],
)
def test_bad_sentences_are_refused_at_the_call(call, message):
    with pytest.raises(DataError, match=message):
        call()
