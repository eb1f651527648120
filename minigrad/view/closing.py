"""Folds closed: which op stands for its copies, and what they read, each from its own copy or from one before."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from minigrad.graph import Array
from minigrad.view.folding import Folds, stand_ins
from minigrad.view.record import Facts, Record, Wires

Read = tuple[int, int]  # an op that stands for its copies, or ~ a group of leaves; and how many copies back it is
Slot = dict[Read, set[int]]  # what the copies of an op read in one place, the last first; and which outputs of it


@dataclass(frozen=True)
class Closed:
    """The ops that remain, the last first, and the leaves in groups.

    `slots[k]` is what the copies of op k read, input by input; `times[k]` how many they are; `outputs[k]` which
    outputs of op k itself are read, and `all_outputs[k]` which of its copies' too. Of a group there are a leaf and
    the facts of all.
    """

    slots: dict[int, list[Slot]]
    times: Array
    outputs: dict[int, set[int]]
    all_outputs: dict[int, set[int]]
    groups: list[tuple[int, list[Facts]]]
    output: int


class _Edges(NamedTuple):
    """One entry for each input of each op: who reads (the op that stands for it), where, what, how far back, which."""

    reader: Array
    slot: Array
    source: Array
    back: Array
    output: Array


def closed(record: Record, folds: Folds) -> Closed:
    """The record with every run closed, so that the last of its copies stands for all."""
    stands_for = folds.stands_for
    edges = _edges(record.wires, folds)
    group_of, groups = _grouped(record, edges)
    leaf, reads = edges.source < 0, stand_ins(record.wires, stands_for)
    own = ~leaf & (edges.source == reads)
    outputs = _sets(reads[own], edges.output[own], record.output)
    reads[leaf] = ~group_of[~edges.source[leaf]]
    at, output = record.output
    top = int(stands_for[at]) if at >= 0 else -1
    all_outputs = _sets(reads[~leaf], edges.output[~leaf], (top, output))
    slots = _slots(edges._replace(source=reads), record.wires, stands_for)
    return Closed(slots, np.bincount(stands_for), outputs, all_outputs, groups, top)


def _edges(wires: Wires, folds: Folds) -> _Edges:
    lengths = np.diff(wires.begins)
    reader = np.repeat(np.arange(len(lengths)), lengths)
    slot = np.arange(len(reader)) - wires.begins[reader]
    back = np.zeros(len(reader), dtype=np.int64)
    for run in folds.runs:
        here = slice(wires.begins[run.start], wires.begins[run.end])
        source = wires.sources[here]
        copies = (reader[here] - run.start) // run.period - (source - run.start) // run.period
        back[here] = np.where((source >= run.start) & (copies > 0), copies, back[here])
    return _Edges(folds.stands_for[reader], slot, wires.sources, back, wires.outputs)


def _grouped(record: Record, edges: _Edges) -> tuple[Array, list[tuple[int, list[Facts]]]]:
    """The number of each leaf's group: leaves of one list and shape that copies of an op read in the same places."""
    leaf = edges.source < 0
    readers: dict[int, dict[tuple[int, int], None]] = {}
    columns = (column[leaf].tolist() for column in (edges.source, edges.reader, edges.slot))
    for k, reader, slot in zip(*columns, strict=True):
        readers.setdefault(k, {})[reader, slot] = None
    if not readers and not record.kinds:
        readers = {record.output[0]: {}}
    numbers: dict[Hashable, int] = {}
    groups: list[tuple[int, list[Facts]]] = []
    group_of = np.zeros(len(readers) + 1, dtype=np.int64)
    for k, places in readers.items():
        facts = record.facts(k, 0)
        group = group_of[~k] = numbers.setdefault((*places, facts.base, facts.shape), len(numbers))
        if group == len(groups):
            groups.append((k, []))
        groups[group][1].append(facts)
    return group_of, groups


def _sets(keys: Array, values: Array, also: tuple[int, int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {also[0]: {also[1]}}
    for key, value in {*zip(keys.tolist(), values.tolist(), strict=True)}:
        found.setdefault(key, set()).add(value)
    return found


def _slots(edges: _Edges, wires: Wires, stands_for: Array) -> dict[int, list[Slot]]:
    """Each edge once, the last copy's first."""
    shown = sorted({*stands_for.tolist()}, reverse=True)
    slots: dict[int, list[Slot]] = {k: [{} for _ in range(wires.begins[k], wires.begins[k + 1])] for k in shown}
    turned = [column[::-1] for column in edges]
    order = np.lexsort(turned)
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.any([column[order[1:]] != column[order[:-1]] for column in turned], axis=0)
    once = np.sort(order[new])
    for reader, slot, source, back, output in zip(*(column[once].tolist() for column in turned), strict=True):
        slots[reader][slot].setdefault((source, back), set()).add(output)
    return slots
