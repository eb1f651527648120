"""Experiments of the lesson on gradients: how they shrink and grow on their way back, and how they are clipped."""

from cli.lessons.gradients.clip import directions
from cli.lessons.gradients.length import thousand
from cli.lessons.gradients.rates import detour, product, without_tanh
from cli.lessons.gradients.reach import reach
from cli.lessons.gradients.squeezed import gates, taken, with_tanh
from cli.lessons.gradients.steep import wall
from cli.lessons.gradients.training import not_healed, not_learned, say_it_again

__all__ = [
    "detour", "directions", "gates", "not_healed", "not_learned", "product", "reach", "say_it_again", "taken",
    "thousand", "wall", "with_tanh", "without_tanh",
]  # fmt: skip
