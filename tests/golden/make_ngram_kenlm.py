"""Makes ngram_kenlm.json: what KenLM makes and says of a text of numbers and of two ARPA files.

    pip install kenlm numpy             in an environment of its own, with this project
    python tests/golden/make_ngram_kenlm.py path/to/lmplz

lmplz is KenLM's program that estimates models; its sources come with the package on PyPI (`pip download kenlm`), and
cmake builds it with Boost. Stored are

- the discounts that lmplz estimates for one long text, and log10 P of single events after contexts within it, where the
  model does not know that anything began;
- a small model of several sentences as an ARPA file, and log10 P of sentences from <s> to </s> by it;
- log10 P of tokens by a model of this project's, from the ARPA file that it wrote.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import kenlm
import numpy as np

from rnn.baselines import NGram, write_arpa

ORDER, TOKENS = 4, 80
SENTENCES = ["a b a c", "b a", "a b b a c c", "c a b", "a", "c c b a b a"]
ASKED = ["a b a c", "c b a", "b b b b", "a a", "", "d a b", "a d c a"]


def text(rng):
    """A Markov chain with a few frequent tokens and many rare ones, all of which occur; the last one once, at the end.

    lmplz 0.3.0 takes the last gram of each lower order, in its own sorting, by how often it stands in the text and not
    by what it stands after, when it counts counts. For a token that comes once the two are the same.
    """
    rows = rng.dirichlet(2 / np.arange(1, TOKENS), size=TOKENS - 1)
    ids = [0]
    while len(ids) < 4000:
        ids.append(int(rng.choice(TOKENS - 1, p=rows[ids[-1]])))
    _, numbers = np.unique(ids, return_inverse=True)
    return [*numbers.tolist(), int(numbers.max()) + 1]


def estimate(lmplz, lines, order, *options):
    """(the ARPA file that lmplz writes, what it says)."""
    command = [lmplz, "-o", str(order), "-S", "100M", "-T", tempfile.gettempdir(), *options]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, encoding="utf-8", check=True)
    return done.stdout, done.stderr


def load(arpa, folder):
    path = Path(folder, "model.arpa")
    path.write_text(arpa, encoding="utf-8")
    return kenlm.Model(str(path))


def after(model, context, word):
    """log10 P(word | context), the context not at the start of anything."""
    state, following = kenlm.State(), kenlm.State()
    model.NullContextWrite(state)
    for token in context:
        model.BaseScore(state, token, following)
        state, following = following, state
    return model.BaseScore(state, word, following)


def one_text(lmplz, folder, rng):
    ids = text(rng)
    tokens = max(ids) + 1
    arpa, said = estimate(lmplz, [" ".join(map(str, ids))], ORDER)
    discounts = re.findall(r"D1=([\d.]+) D2=([\d.]+) D3\+=([\d.]+)", said)
    assert len(discounts) == ORDER, said
    model = load(arpa, folder)
    events = []
    for _ in range(400):
        place, length = int(rng.integers(ORDER, len(ids))), int(rng.integers(0, ORDER))
        context = ids[place - length : place]
        word = ids[place] if rng.random() < 0.5 else int(rng.integers(0, tokens))
        events.append([context, word, after(model, map(str, context), str(word))])
    for context in ([], ids[100:103], [tokens - 2] * 3):
        events += [[context, tokens + i, after(model, map(str, context), w)] for i, w in enumerate(("</s>", "<unk>"))]
    return {"order": ORDER, "tokens": tokens, "text": ids, "discounts": discounts, "events": events}


def sentences(lmplz, folder):
    arpa, _ = estimate(lmplz, SENTENCES, 3, "--discount_fallback")
    model = load(arpa, folder)
    scores = {line: [p for p, _, _ in model.full_scores(line, bos=True, eos=True)] for line in ASKED}
    return {"arpa": arpa, "scores": scores}


def written(folder, rng):
    """The start of a text is no context for this project's models: KenLM says the same of <s>, which spares all."""
    ids, asked = rng.integers(0, 5, 200).tolist(), rng.integers(0, 6, 40).tolist()
    model = NGram(3, "kneser-ney").fit(ids, vocabulary=6)
    path = Path(folder, "ours.arpa")
    write_arpa(path, model, "abcdef")
    line = " ".join("abcdef"[i] for i in asked)
    scores = [p for p, _, _ in kenlm.Model(str(path)).full_scores(line, bos=True, eos=False)]
    return {"text": ids, "asked": asked, "scores": scores}


def main():
    rng = np.random.default_rng(6)
    with tempfile.TemporaryDirectory() as folder:
        one = one_text(sys.argv[1], folder, rng)
        several = sentences(sys.argv[1], folder)
        found = {"kenlm": "0.3.0", "one_text": one, "sentences": several, "written": written(folder, rng)}
    Path(__file__).with_name("ngram_kenlm.json").write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
