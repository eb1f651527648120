"""What the recurrent layers refuse, in one line that says what, where and how to mend it."""

import numpy as np
import pytest

from minigrad import ShapeError, Tensor
from rnn import GRU, LSTM, RNN, JordanRNN, LSTMState, Recurrent, RnnError
from rnn.cells.elman import ElmanCell

x = np.zeros((4, 2, 3), np.float32)
h = Tensor(np.zeros((1, 2, 5), np.float32))
gru, lstm, deep = GRU(3, 5), LSTM(3, 5), LSTM(3, 5, 2, bidirectional=True)

REFUSED = {
    "the state is a tuple of 2; GRU; give one tensor, h (1, 2, 5)": lambda: gru(x, (h, h)),
    "the state is a tuple of 2; RNN; give one tensor, h (1, 2, 5)": lambda: RNN(3, 5)(x, LSTMState(h, h)),
    "the state is a Tensor; LSTM; give 2 tensors, h (1, 2, 5) and c (1, 2, 5)": lambda: lstm(x, h),
    "the state is a ndarray; LSTM; give 2 tensors, h (1, 2, 5) and c (1, 2, 5)": lambda: lstm(x, h.data),
    "the state is a tuple of 3; LSTM; give 2 tensors, h (1, 2, 5) and c (1, 2, 5)": lambda: lstm(x, (h, h, h)),
    "the state's c is a float; LSTM; give tensors, h (1, 2, 5) and c (1, 2, 5)": lambda: lstm(x, (h, 1.0)),
    "the state is a list; GRU; give tensors, h (1, 2, 5)": lambda: gru(x, [h]),
    "the state's c has shape (2, 5); LSTM; give one of shape (1, 2, 5)": lambda: lstm(x, (h, h[0])),
    "the state's h has shape (1, 2, 5); LSTM; give one of shape (4, 2, 5)": lambda: deep(x, (h, h)),
    "the state's h has shape (1, 2, 5); LSTM; give one of shape (1, 5)": lambda: lstm(x[:, 0], (h, h)),
    "the state's c is float64, the layer float32; LSTM; convert one of them": lambda: lstm(
        x, (h, Tensor(h, dtype=np.float64))
    ),
    "the input's last axis is 2; GRU; give 3, the input size": lambda: gru(x[..., :2]),
    "the input is float64, the layer float32; LSTM; convert one of them": lambda: lstm(x.astype(np.float64)),
    "the input is of type complex64; LSTM; give real numbers, or integers as ids": lambda: lstm(x * 1j),
    "the input is of type bool; GRU; give real numbers, or integers as ids": lambda: gru(x > 0),
    "the input is of type <U1; GRU; give real numbers, or integers as ids": lambda: gru(np.array([["a"]])),
    "ids from 0 to 7; LSTM; give ids from 0 to 2, the input size less 1": lambda: lstm(np.array([[0, 7]])),
    "ids from -2 to 1; LSTM; give ids from 0 to 2, the input size less 1": lambda: lstm(
        np.array([[0, 1], [-2, 9]]), lengths=[2, 1]
    ),
    "1 lengths for 2 rows; GRU; give one for each sequence": lambda: gru(x, lengths=[3]),
    "3 lengths for 2 rows; GRU; give one for each sequence": lambda: gru(x, lengths=(3, 3, 3)),
    "2 lengths for 1 row; GRU; give one for each sequence": lambda: gru(x[:, 0], lengths=[3, 3]),
    "lengths of shape () for 2 rows; GRU; give one for each sequence": lambda: gru(x, lengths=3),
    "lengths of shape (1, 2) for 2 rows; GRU; give one for each sequence": lambda: gru(x, lengths=[[3, 3]]),
    "lengths from 0 to 4; LSTM; give lengths from 1 to 4, the steps of x": lambda: lstm(x, lengths=[0, 4]),
    "lengths from 1 to 5; RNN; give lengths from 1 to 4, the steps of x": lambda: RNN(3, 5)(x, lengths=[1, 5]),
    "the lengths are of type float64; GRU; give whole numbers": lambda: gru(x, lengths=[1.0, 2.0]),
    "the lengths are of type bool; GRU; give whole numbers": lambda: gru(x, lengths=[True, True]),
    "dropout is 1.0; LSTM; give a probability from 0 to below 1": lambda: LSTM(3, 5, 2, dropout=1.0),
    "dropout is -0.1; GRU; give a probability from 0 to below 1": lambda: GRU(3, 5, 2, dropout=-0.1),
    "dropout is nan; GRU; give a probability from 0 to below 1": lambda: GRU(3, 5, 2, dropout=float("nan")),
    "num_layers is 0; LSTM; give a whole number of at least 1": lambda: LSTM(3, 5, 0),
    "hidden_size is 2.5; GRU; give a whole number of at least 1": lambda: GRU(3, 2.5),
    "input_size is True; GRU; give a whole number of at least 1": lambda: GRU(True, 2),
    "output_size is 0; JordanRNN; give a whole number of at least 1": lambda: JordanRNN(3, 4, 0),
    "no nonlinearity 'sin'; RNN; give 'tanh' or 'relu'": lambda: RNN(3, 5, nonlinearity="sin"),
    "no feedback 'x'; JordanRNN; give 'probabilities' or 'scores'": lambda: JordanRNN(3, 5, 2, feedback="x"),
    "no device 'tpu'; GRU; give 'cpu' or 'cuda'": lambda: GRU(3, 5, device="tpu"),
    "jordan has no fused kernel; JordanRNN; give 'auto' or 'stepwise'": lambda: JordanRNN(
        3, 5, 2, implementation="fused"
    ),
    "no implementation 'quick'; Recurrent; give 'auto', 'fused' or 'stepwise'": lambda: Recurrent(
        ElmanCell(), 3, 5, implementation="quick"
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refusals(message):
    with pytest.raises(RnnError) as caught:
        REFUSED[message]()
    assert str(caught.value) == message


def test_a_state_dict_that_does_not_fit_names_everything_at_once_and_changes_nothing():
    layer = LSTM(3, 5, bidirectional=True)
    before, state = layer.state_dict(), layer.state_dict()
    del state["bias_hh_l0"], state["weight_ih_l0_reverse"]
    state["weight_hh_l1"] = np.zeros((20, 5))
    state["weight_hh_l0"] = np.zeros((5, 20))
    state["weight_ih_l0"] = state["weight_ih_l0"] + 1
    with pytest.raises(ShapeError) as caught:
        layer.load_state_dict(state)
    assert str(caught.value) == (
        "load_state_dict: bias_hh_l0 is missing, weight_ih_l0_reverse is missing, weight_hh_l1 is unexpected, "
        "weight_hh_l0 has shape (5, 20), not (20, 5)"
    )
    assert all(np.array_equal(a, b) for a, b in zip(before.values(), layer.state_dict().values(), strict=True))


def test_bad_options_are_refused_before_any_parameter_is_drawn():
    rng = np.random.default_rng(0)
    with pytest.raises(RnnError):
        LSTM(3, 5, dropout=2.0, rng=rng)
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state
