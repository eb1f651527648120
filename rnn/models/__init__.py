"""Networks for a task, built from layers."""

from rnn.models.language_model import LanguageModel

__all__ = ["LanguageModel"]
