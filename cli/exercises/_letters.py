"""The letters of the exercises: what each stands for, with its shape."""

SIZES = {"T, I, H, V": "how many steps, inputs, units and classes"}
UNITS = {"T, I, H": "how many steps, inputs and units"}
INPUTS = {"x": "(T, I) inputs; row t - 1 is step t"}
TARGETS = {"y": "(T,) targets, integers", "y_hat": "(T, V) probabilities"}
STATES = {"h, h0": "(T, H) states, and the first state (H,)"}
SCORES = {"o": "(T, V) scores"}
LAYER = {"U, W, b": "(H, I), (H, H), (H,) parameters of the layer"}
HEAD = {"V, c": "(V, H), (V,) parameters of the scores"}

SEQUENCE = {**SIZES, **INPUTS, **TARGETS}
ELMAN = {**SEQUENCE, **STATES, **SCORES, **LAYER, **HEAD}
GRU = {
    **INPUTS,
    **STATES,
    "r, z": "(T, H) gates, reset and update",
    "n": "(T, H) candidates for the states",
    "a_r, a_z, a_n": "(T, H) what comes into r, z and n",
    "U_r, U_z, U_n": "(H, I) weights of the inputs",
    "W_r, W_z, W_n": "(H, H) recurrent weights",
    "b_r, b_z, b_n": "(H,) biases",
}
LSTM = {
    **INPUTS,
    **STATES,
    "c, c0": "(T, H) cells, and the first cell (H,)",
    "i, f, o": "(T, H) gates: input, forget and output",
    "g": "(T, H) candidates for the cells",
    "a_i, a_f, a_g, a_o": "(T, H) what comes into i, f, g and o",
    "U_i, U_f, U_g, U_o": "(H, I) weights of the inputs",
    "W_i, W_f, W_g, W_o": "(H, H) recurrent weights",
    "b_i, b_f, b_g, b_o": "(H,) biases",
}

GRADIENTS = "\nThe gradient of L by a quantity has its shape: grad_W is (H, H), grad_h is (T, H).\n"
OF_STATES = "\nThe gradient of L by a quantity has its shape: grad_h is (T, H).\n"
PRODUCT = "\nHere * multiplies entry by entry, and sigma(a) = 1 / (1 + exp(-a)).\n"
FORM = "\nFill in the functions. Each gets the right values of what it asks for, by name.\n"
