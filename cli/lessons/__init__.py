"""The lessons, a folder each: prose in `lesson.<lang>.md`, experiments in `experiments.py`."""
