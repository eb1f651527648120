"""Counting what follows what: n-grams, their smoothings, and Zipf's law."""
