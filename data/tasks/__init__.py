"""Tasks made by a rule, whose best loss is known: what a network has to reach, and what it gets for guessing.

Two kinds. A *source* writes a text of ids without end and has an entropy rate, the floor of every perplexity on
it: `Source` (of which `markov_source` and `held_key` make one) and `Echo`. A *task* draws `Examples`, rows with
questions in them, and says what the best answers cost (`optimum`) and what guessing costs (`guess`).
"""

from data.tasks.adding import Adding
from data.tasks.anbn import AnBn
from data.tasks.blank import Blank
from data.tasks.copying import Copy
from data.tasks.dyck import Dyck
from data.tasks.echo import Echo
from data.tasks.examples import Examples, Task, entropy
from data.tasks.parity import Parity
from data.tasks.recall import Recall
from data.tasks.source import Source
from data.tasks.sources import held_key, markov_source, noisy_sums, random_markov_source
from data.tasks.switched import Switched
from data.tasks.tagging import Tagging
from data.tasks.translation import (
    Parallel,
    Sentence,
    chinese,
    english,
    hold_out,
    parallel,
    sentences,
    translate,
    vocabularies,
)

__all__ = [
    "Adding",
    "AnBn",
    "Blank",
    "Copy",
    "Dyck",
    "Echo",
    "Examples",
    "Parallel",
    "Parity",
    "Recall",
    "Sentence",
    "Source",
    "Switched",
    "Tagging",
    "Task",
    "chinese",
    "english",
    "entropy",
    "held_key",
    "hold_out",
    "markov_source",
    "noisy_sums",
    "parallel",
    "random_markov_source",
    "sentences",
    "translate",
    "vocabularies",
]
