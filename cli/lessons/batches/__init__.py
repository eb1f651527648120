"""Minibatches: a text in windows, sentences side by side, and what is carried from one to the next."""
