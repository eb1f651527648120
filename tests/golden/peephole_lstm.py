"""An LSTM with peepholes in torch, which has none: written out step by step, each sequence alone."""

import torch


class PeepholeLSTM(torch.nn.LSTM):
    """An LSTM whose gates see the cell: i and f the one before, o the new one, each through a diagonal matrix.

    i = σ(W_ii x + b_ii + W_hi h' + b_hi + p_i ⊙ c'), f alike, c = f ⊙ c' + i ⊙ g, o = σ(… + p_o ⊙ c), h = o ⊙ tanh c,
    where h' and c' are those of the step before. [Gers and Schmidhuber 2000; Graves 2013, eq. 7-11]
    """

    def __init__(self, *args, **form):
        super().__init__(*args, **form)
        for side in sides(self):
            self.register_parameter(f"weight_peephole{side}", torch.nn.Parameter(torch.zeros(3 * self.hidden_size)))

    def forward(self, x, state=None, lengths=None):
        """As torch's, but a padded x with its lengths in place of a packed one."""
        single = x.ndim == 2
        x = x[:, None] if single else x.transpose(0, 1) if self.batch_first else x
        lengths = lengths or [len(x)] * x.shape[1]
        if state is None:
            state = [torch.zeros(len(sides(self)), x.shape[1], self.hidden_size, dtype=x.dtype)] * 2
        state = [s[:, None] for s in state] if single else state
        rows = [self._sequence(x[:n, b], *(s[:, b] for s in state)) for b, n in enumerate(lengths)]
        y = torch.stack([torch.nn.functional.pad(y, (0, 0, 0, len(x) - len(y))) for y, _, _ in rows], 1)
        last = [torch.stack([row[k] for row in rows], 1) for k in (1, 2)]
        if single:
            return y[:, 0], [s[:, 0] for s in last]
        return (y.transpose(0, 1) if self.batch_first else y), last

    def _sequence(self, x, h0, c0):
        """One sequence x (T, I) from states (L·D, H): all outputs (T, D·H), and the last states."""
        last, starts = [], list(zip(sides(self), h0, c0, strict=True))
        ways = len(starts) // self.num_layers
        for k in range(0, len(starts), ways):
            found = [self._one_way(side, x, h, c) for side, h, c in starts[k : k + ways]]
            x = torch.cat([outputs for outputs, _, _ in found], dim=1)
            last += [(h, c) for _, h, c in found]
        return x, *(torch.stack(part) for part in zip(*last, strict=True))

    def _one_way(self, side, x, h, c):
        """One layer in one direction: outputs (T, H) in the order of x, and h and c where it ended."""
        steps, order = [], -1 if side.endswith("_reverse") else 1
        for t in range(len(x))[::order]:
            h, c = self._step(side, x[t], h, c)
            steps.append(h)
        return torch.stack(steps[::order]), h, c

    def _step(self, side, x, h, c):
        w = {name.removesuffix(side): p for name, p in self.named_parameters() if name.endswith(side)}
        a = w["weight_ih"] @ x + w["weight_hh"] @ h
        if self.bias:
            a = a + w["bias_ih"] + w["bias_hh"]
        (i, f, g, o), (p_i, p_f, p_o) = a.chunk(4), w["weight_peephole"].chunk(3)
        c_new = torch.sigmoid(f + p_f * c) * c + torch.sigmoid(i + p_i * c) * torch.tanh(g)
        return torch.sigmoid(o + p_o * c_new) * torch.tanh(c_new), c_new


def sides(layer):
    """How the names of a layer's parameters end, in the order of its states: _l0, _l0_reverse, _l1 …"""
    ways = ("", "_reverse") if layer.bidirectional else ("",)
    return [f"_l{k}{way}" for k in range(layer.num_layers) for way in ways]
