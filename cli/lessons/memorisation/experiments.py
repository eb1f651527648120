"""Experiments of the lesson on memorisation: a text learned by heart, what is copied, and what else would do it."""

from cli.lessons.memorisation.heart import copied, stopped, two_curves
from cli.lessons.memorisation.prompts import recall
from cli.lessons.memorisation.sizes import nonsense, room
from cli.lessons.memorisation.tables import tables

__all__ = ["copied", "nonsense", "recall", "room", "stopped", "tables", "two_curves"]
