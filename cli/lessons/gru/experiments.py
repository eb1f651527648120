"""Experiments of the lesson on gated recurrent units: gates computed, gates set, gates learned."""

from cli.lessons.gru.back import every_gradient, jacobians
from cli.lessons.gru.by_hand import gates, mixture, rewritten
from cli.lessons.gru.far import far_back
from cli.lessons.gru.forms import two_forms
from cli.lessons.gru.hold import held
from cli.lessons.gru.marks import turned_over
from cli.lessons.gru.printed import as_printed
from cli.lessons.gru.set_gates import forgotten, kept, overwritten

__all__ = [
    "as_printed", "every_gradient", "far_back", "forgotten", "gates", "held", "jacobians", "kept", "mixture",
    "overwritten", "rewritten", "turned_over", "two_forms",
]  # fmt: skip
