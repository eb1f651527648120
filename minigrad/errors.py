"""What the engine refuses, and why: one line that names the op, the arrays and what to do."""


class MinigradError(Exception):
    """Any refusal of the engine."""


class ShapeError(MinigradError, ValueError):
    """Shapes or axes that do not fit the op."""


class DtypeError(MinigradError, TypeError):
    """Mixed precision, or a dtype that cannot be differentiated."""


class GradError(MinigradError, RuntimeError):
    """A gradient that is not defined, or no longer available."""


class DeviceError(MinigradError, RuntimeError):
    """Arrays on different devices, or an op that the device lacks."""


class AnomalyError(MinigradError, ArithmeticError):
    """The first NaN or infinity, found by `detect_anomaly`."""
