"""The toy grammar, against sentences translated by hand and a parser that reads the Chinese back."""

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import DataError
from data.tasks import Sentence, chinese, english, hold_out, parallel, sentences, translate, vocabularies
from data.tasks.translation import Parallel

BY_HAND = {
    "I read this book .": "我读这本书。",
    "she sells my new letter .": "她卖我的新信。",
    "the teacher does not buy this beautiful map at school every day .": "老师每天不在学校买这张漂亮的地图。",
    "do you read my book at home today ?": "你今天在家读我的书吗？",
    "does the teacher sell this letter ?": "老师卖这封信吗？",
    "we do not read this new map .": "我们不读这张新地图。",
}

# Chinese as a reader takes it apart: subject, time, no, place, verb, thing, end.
FORM = re.compile(
    "(我们|我|你|她|老师)(今天|每天)?(不)?(在家|在学校)?(读|买|卖)"
    "(这本|这封|这张|我的)(新|漂亮的)?(书|信|地图)(吗？|。)"
)
WORDS = {
    "我们": "we", "我": "I", "你": "you", "她": "she", "老师": "the teacher", "今天": "today", "每天": "every day",
    "在家": "at home", "在学校": "at school", "读": "read", "买": "buy", "卖": "sell", "我的": "my", "新": "new",
    "漂亮的": "beautiful", "书": "book", "信": "letter", "地图": "map",
}  # fmt: skip
MEASURES = {"书": "本", "信": "封", "地图": "张"}


def read_back(text):
    """The English of a Chinese sentence."""
    match = FORM.fullmatch(text)
    assert match, text
    subject, time, no, place, verb, owner, adjective, noun, end = match.groups()
    if owner.startswith("这"):
        assert owner[1] == MEASURES[noun]
    who, act = WORDS[subject], WORDS[verb]
    third = subject in ("她", "老师")
    do = "does" if third else "do"
    asks = end == "吗？"
    assert not (asks and no)
    start = [do, who, act] if asks else [who, do, "not", act] if no else [who, act + "s" * third]
    tail = [WORDS.get(owner, "this"), WORDS.get(adjective), WORDS[noun], WORDS.get(place), WORDS.get(time)]
    return " ".join([*start, *(word for word in tail if word), "?" if asks else "."])


@pytest.mark.parametrize("said", BY_HAND)
def test_sentences_translated_by_hand(said):
    assert "".join(translate(said)) == BY_HAND[said]
    assert translate(said.split()) == tuple(BY_HAND[said])


def test_every_translation_reads_back():
    assert len(sentences()) == 7290
    for s in sentences():
        assert read_back("".join(chinese(s))) == " ".join(english(s))
        assert translate(english(s)) == chinese(s)


def test_the_two_languages_differ_in_order_and_length():
    lengths = {(len(english(s)), len(chinese(s))) for s in sentences()}
    assert max(Counter(a for a, _ in lengths).values()) >= 5  # one does not tell the other
    s = Sentence("I", "statement", "read", "this", "", "book", "at home", "today")
    assert "".join(chinese(s)) == "我今天在家读这本书。"
    assert " ".join(english(s)) == "I read this book at home today ."


def test_arrays_spell_the_sentences():
    some = list(sentences())[:: 7290 // 50]
    found, (ours, theirs) = parallel(some), vocabularies()
    assert len(found) == len(some)
    assert ours[:3] == theirs[:3] == ("<pad>", "<bos>", "<eos>")
    assert len(set(ours)) == len(ours)
    assert len(set(theirs)) == len(theirs)
    for n, s in enumerate(some):
        read, written = found.source_lengths[n], found.written.lengths[n]
        assert tuple(ours[i] for i in found.source[:read, n]) == english(s)
        assert tuple(theirs[i] for i in found.written.inputs[:written, n]) == ("<bos>", *chinese(s))
        assert tuple(theirs[i] for i in found.written.targets[:written, n]) == (*chinese(s), "<eos>")
        for array, length in ((found.source, read), (found.written.inputs, written), (found.written.targets, written)):
            assert (array[length:, n] == 0).all()
            assert (array[:length, n] > 0).all()
        assert found.written.asked[:, n].tolist() == [t < written for t in range(len(found.written.asked))]


def test_unread_is_the_cost_of_the_best_blind_writer():
    """Step by step: how often each beginning goes on in each way."""
    found = parallel(sentences()[::5])
    begins, total, asked = Counter(), 0.0, 0
    rows = [row[:n].tolist() for row, n in zip(found.written.targets.T, found.written.lengths, strict=True)]
    for row in rows:
        for t in range(len(row) + 1):
            begins[tuple(row[:t])] += 1
    for row in rows:
        total -= sum(np.log(begins[tuple(row[: t + 1])] / begins[tuple(row[:t])]) for t in range(len(row)))
        asked += len(row)
    assert found.unread == pytest.approx(total / asked)
    assert found.optimum == 0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 20))
def test_minibatches_are_pairs_of_the_whole(seed, rows):
    whole = parallel(sentences()[::300])
    part, again = (whole.draw(rows, np.random.default_rng(seed)) for _ in range(2))
    assert isinstance(part, Parallel)
    np.testing.assert_array_equal(part.source, again.source)
    which = np.random.default_rng(seed).integers(len(whole), size=rows)
    for b, n in enumerate(which):
        read, written = whole.source_lengths[n], whole.written.lengths[n]
        assert part.source[: part.source_lengths[b], b].tolist() == whole.source[:read, n].tolist()
        assert part.written.inputs[: part.written.lengths[b], b].tolist() == whole.written.inputs[:written, n].tolist()
        assert part.written.targets[:, b].sum() == whole.written.targets[:, n].sum()
        assert part.written.asked[:, b].sum() == written
    assert len(part.source) == part.source_lengths.max()
    assert len(part.written.inputs) == part.written.lengths.max()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_held_out_combinations_are_new_and_their_words_are_not(seed, things):
    training, held = hold_out(np.random.default_rng(seed), things)
    assert (training, held) == hold_out(np.random.default_rng(seed), things)
    assert len(training) + len(held) == 7290
    assert len(held) == 270 * things
    known = {(s.verb, s.adjective, s.noun) for s in training}
    new = {(s.verb, s.adjective, s.noun) for s in held}
    assert len(new) == things
    assert not known & new
    for side in (english, chinese):
        words = [{word for s in part[::7] for word in side(s)} for part in (training, held)]
        assert words[1] <= words[0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: translate("she read this book ."), "no sentence of the grammar"),
        (lambda: translate(""), "no sentence of the grammar"),
        (lambda: parallel([]), "no sentences"),
        (lambda: hold_out(np.random.default_rng(0), 9), "things is 9"),
        (lambda: hold_out(np.random.default_rng(0), 0), "things is 0"),
        (lambda: parallel(sentences()[:2]).draw(0, np.random.default_rng(0)), "rows is 0"),
    ],
)
def test_refusals_are_one_line(call, message):
    with pytest.raises(DataError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
