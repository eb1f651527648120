"""A text learned by heart, and how to notice."""
