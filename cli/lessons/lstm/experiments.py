"""Experiments of the lesson on long short-term memory: a cell worked by hand, set by hand, and trained."""

from cli.lessons.lstm.adding import adding, task
from cli.lessons.lstm.back import direct_path, every_gradient, two_ways
from cli.lessons.lstm.by_hand import sizes, three_gates, two_states
from cli.lessons.lstm.carousel import carousel
from cli.lessons.lstm.counting import counted
from cli.lessons.lstm.forget_bias import forgetting
from cli.lessons.lstm.peephole import ticks
from cli.lessons.lstm.printed import only_upwards
from cli.lessons.lstm.set_gates import conveyor, four_settings
from cli.lessons.lstm.within import inside

__all__ = [
    "adding", "carousel", "conveyor", "counted", "direct_path", "every_gradient", "forgetting", "four_settings",
    "inside", "only_upwards", "sizes", "task", "three_gates", "ticks", "two_states", "two_ways",
]  # fmt: skip
