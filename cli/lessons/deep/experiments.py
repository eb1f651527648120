"""Experiments of the lesson on layers above each other: by hand, as a graph, as modules, and trained."""

from cli.lessons.deep.back import every_equation, two_ways
from cli.lessons.deep.books import gated, more_text, two_authors
from cli.lessons.deep.depths import costs, depths, starts
from cli.lessons.deep.dropped import between_layers
from cli.lessons.deep.forward import one_unit, picture, shapes, vectors
from cli.lessons.deep.orders import many_ways, orders
from cli.lessons.deep.same import one_function

__all__ = [
    "between_layers", "costs", "depths", "every_equation", "gated", "many_ways", "more_text", "one_function",
    "one_unit", "orders", "picture", "shapes", "starts", "two_authors", "two_ways", "vectors",
]  # fmt: skip
