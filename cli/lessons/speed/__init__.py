"""Lesson 26: why a network that is computed step by step is slow, and what its kernels do about it."""
