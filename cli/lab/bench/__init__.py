"""`rnn-lab bench`: the same training step by this project and by its peers, side by side, on this machine.

Read in this order: `workloads` (what is computed), `problem` (its weights and ids), `workers/` (each implementation
and the loop that serves it, in a process of its own), `processes` (those processes), `timing` (who is timed when),
`results` (what is said of it). `products` counts the arithmetic and `workers/floor.py` times it alone.
"""
