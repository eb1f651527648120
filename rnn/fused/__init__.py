"""Whole sequences in one compiled pass, forward and hand-derived backward, as ops of the engine.

Each op's `definition` is its cell's step repeated; second derivatives go through that.
"""
