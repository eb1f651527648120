"""Backpropagation through time."""
