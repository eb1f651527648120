"""Layers above each other: each reads what the one below gives."""
