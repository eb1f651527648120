"""Write recurrent_*.json: recurrent layers' outputs, states and all gradients, in float64, on small random sequences.

To make the files again: with torch 2.13.0 and numpy installed, run `python tests/golden/make_recurrent.py`.
The loss is ⟨r, output⟩ + Σ ⟨s, final state⟩ for random r and s, stored beside the inputs. What goes in is drawn with
three decimals, which keeps the files small; what comes out is stored in full. Tests never need torch.

The layers are torch's, but for the LSTM with peepholes, which torch lacks: that is `PeepholeLSTM`, and with peepholes
of nought it must give what torch's gives before anything is stored.
"""

import json
from copy import deepcopy
from pathlib import Path

import torch
from peephole_lstm import PeepholeLSTM, sides
from recurrent_cases import FEW, FORMS
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

FILES = {
    "rnn_tanh": ("RNN", {"nonlinearity": "tanh"}, FORMS),
    "rnn_relu": ("RNN", {"nonlinearity": "relu"}, FEW),
    "gru": ("GRU", {}, FORMS),
    "lstm": ("LSTM", {}, FORMS),
    "lstm_peepholes": ("LSTM", {"peepholes": True}, FEW),
}


def drawn(*shape, scale=1.0):
    """Normal numbers of three decimals."""
    return (scale * torch.randn(*shape)).round(decimals=3).requires_grad_()


def layer_for(kind, I, H, options):  # noqa: E741  # I is the input size everywhere
    """The layer, with random parameters none of which is small."""
    peepholes = options.get("peepholes", False)
    layer = (PeepholeLSTM if peepholes else getattr(torch.nn, kind))(
        I, H, **{k: v for k, v in options.items() if k != "peepholes"}
    )
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(drawn(*p.shape, scale=0.6))
    return layer


def run(layer, x, starts, lengths):
    """Outputs and the list of final states."""
    if isinstance(layer, PeepholeLSTM):
        return layer(x, starts or None, lengths)
    state = None if not starts else tuple(starts) if layer.mode == "LSTM" else starts[0]
    if lengths is None:
        y, last = layer(x, state)
    else:
        packed, last = layer(pack_padded_sequence(x, lengths, layer.batch_first, enforce_sorted=False), state)
        y, _ = pad_packed_sequence(packed, layer.batch_first, total_length=x.shape[layer.batch_first])
    return y, list(last) if layer.mode == "LSTM" else [last]


def assert_plain_is_torchs(layer, *given):
    """With peepholes of nought, the layer written out gives what torch's LSTM gives."""
    ours = deepcopy(layer)
    form = {name: getattr(ours, name) for name in ("num_layers", "bias", "batch_first", "bidirectional")}
    plain = torch.nn.LSTM(ours.input_size, ours.hidden_size, **form)
    plain.load_state_dict({name: p for name, p in ours.state_dict().items() if "peephole" not in name})
    for name, p in ours.named_parameters():
        p.data *= "peephole" not in name
    (y, last), (z, final) = run(ours, *given), run(plain, *given)
    for a, b in zip((y, *last), (z, *final), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-13, atol=1e-14)


def case(kind, extra, T, I, H, B=None, state=True, lengths=None, ids=False, **form):  # noqa: E741
    """One configuration: what goes in, what comes out, and the gradient of everything that went in."""
    layer = layer_for(kind, I, H, form | extra)
    lead = (T,) if B is None else (B, T) if layer.batch_first else (T, B)
    given = torch.randint(I, lead) if ids else drawn(*lead, I)
    x = torch.nn.functional.one_hot(given, I).double() if ids else given
    names = () if not state else ("h0", "c0") if kind == "LSTM" else ("h0",)
    starts = {name: drawn(len(sides(layer)), *(() if B is None else (B,)), H) for name in names}
    if extra.get("peepholes"):
        assert_plain_is_torchs(layer, x, list(starts.values()), lengths)
    output, last = run(layer, x, list(starts.values()), lengths)
    r, *s = (drawn(*y.shape) for y in (output, *last))
    sum((c * y).sum() for c, y in zip((r, *s), (output, *last), strict=True)).backward()
    leaves = {**dict(layer.named_parameters()), **({} if ids else {"x": x}), **starts}
    return {
        "layer": kind,
        "arguments": {"input_size": I, "hidden_size": H, **form, **extra},
        "lengths": lengths,
        "inputs": {**{name: leaf.tolist() for name, leaf in leaves.items()}, "x": given.tolist()},
        "output": output.tolist(),
        "state": [y.tolist() for y in last],
        "cotangents": {"output": r.tolist(), "state": [c.tolist() for c in s]},
        "gradients": {name: leaf.grad.tolist() for name, leaf in leaves.items()},
    }


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(20)
    for stem, (kind, extra, forms) in FILES.items():
        cases = {name: case(kind, extra, **sizes) for name, sizes in forms.items()}
        stored = {"made_with": f"torch {torch.__version__.split('+')[0]}", "cases": cases}
        text = json.dumps(stored, separators=(",", ":"))
        Path(__file__).with_name(f"recurrent_{stem}.json").write_text(text, encoding="utf-8")
