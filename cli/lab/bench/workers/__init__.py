"""One file for each implementation, run by path in a process of its own by `serving.py`.

Each defines `start(threads, variant) → version` and `load(workload, problem) → work`. A work has `check()`, numbers
that all implementations must agree on, and `step()`, which is what is timed. `workload` is a dict with the fields of
`Workload`; `problem` holds arrays under torch's names and layouts, and the `ids` and `targets` (T, B).

What runs on a GPU as well has `gradients()`, the norm of each in the order of the parameters' names, to be agreed on
too; and its module `on_device(step, times)`, the seconds of a step by the GPU's clock.

`serving.py` and the files of the peers import nothing of this project, since they may run under another Python.
"""
