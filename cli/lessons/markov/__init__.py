"""Markov chains: what is known today, and nothing before it."""
