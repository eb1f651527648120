"""Compiled kernels, and where their machine code is kept between runs."""
