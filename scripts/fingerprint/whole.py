"""Trained weights in whole numbers, as src/fingerprint/layers.rs has them, and what they make of features."""

import typing

import numpy as np

NUMBERS = 32
STEPS = 16
HIDDEN_BITS, OUT_BITS = 24, 40
# The largest weights of the second layer, in whole numbers, and the largest number between the layers.
LARGEST_OUT, LARGEST_HIDDEN = 8191, 255
# The standard deviation of the number that varies most.
SPREAD = 36.0


class Layers(typing.NamedTuple):
    """In the order of the file."""

    mean: np.ndarray
    factor: np.ndarray
    into: np.ndarray
    bias: np.ndarray
    hidden_factor: np.ndarray
    direct: np.ndarray
    out: np.ndarray
    direct_factor: np.ndarray
    out_factor: np.ndarray
    added: np.ndarray


TYPES = Layers("<f4", "<f4", "i1", "<i4", "<i4", "i1", "<i2", "<i8", "<i8", "<i8")


def shapes(features, hidden):
    return Layers(
        features, features, (hidden, features), hidden, hidden, (NUMBERS, features), (NUMBERS, hidden), NUMBERS,
        NUMBERS, NUMBERS,
    )


def write(file, layers):
    file.write_bytes(b"".join(part.astype(kind).tobytes() for part, kind in zip(layers, TYPES)))


def read(file, features=1216):
    data = file.read_bytes()
    # All but what is of each hidden number.
    fixed = 8 * features + NUMBERS * (features + 24)
    hidden = (len(data) - fixed) // (features + 8 + 2 * NUMBERS)
    parts, at = [], 0
    for kind, shape in zip(TYPES, shapes(features, hidden)):
        count = int(np.prod(shape))
        parts.append(np.frombuffer(data, kind, count, at).reshape(shape))
        at += count * np.dtype(kind).itemsize
    return Layers(*parts)


def standard(layers, features):
    return np.clip(np.floor((features.astype(np.float32) - layers.mean) * layers.factor + np.float32(0.5)), -127, 127)


def numbers(layers, features):
    """int64[picture][number], -127 to 127, of float32[picture][feature]."""
    values = standard(layers, features)
    # Sums below 2²⁴ are exact in float32, and those below 2⁵³ in float64.
    sums = (values @ layers.into.T.astype(np.float32)).astype(np.int64) + layers.bias
    hidden = np.clip((sums * layers.hidden_factor) >> HIDDEN_BITS, 0, LARGEST_HIDDEN)
    direct = (values @ layers.direct.T.astype(np.float32)).astype(np.int64)
    out = (hidden.astype(np.float64) @ layers.out.T.astype(np.float64)).astype(np.int64)
    sums = direct * layers.direct_factor + out * layers.out_factor + layers.added
    found = np.clip(sums >> OUT_BITS, -127, 127)
    found[~features.any(1)] = 0
    return found


def steps_of(rows, largest):
    """What one step is of each row, so that its largest number has so many."""
    return np.maximum(np.abs(rows).max(1), 1e-12) / largest


def whole(weights, mean, deviation, features):
    """Layers of the trained weights; some features of photographs say how far numbers reach, and which way."""
    factor = (STEPS / deviation).astype(np.float32)
    values = np.clip(np.floor((features.astype(np.float32) - mean) * factor + 0.5), -127, 127) / STEPS
    before = values @ weights["in"] + weights["in bias"]
    hidden = np.maximum(before, 0)
    found = hidden @ weights["out"] + values @ weights["direct"]
    middle = found.mean(0)
    # Their principal axes: the distances stay, and boxes around the first numbers hold more apart.
    variances, axes = np.linalg.eigh(np.cov((found - middle).T))
    axes = axes[:, ::-1] * (SPREAD / variances.max() ** 0.5)
    out, direct = (weights["out"] @ axes).T.astype(np.float64), (weights["direct"] @ axes).T.astype(np.float64)

    into = weights["in"].T.astype(np.float64)
    in_step = steps_of(into, 127)
    reach = np.maximum(np.quantile(hidden, 0.9999, axis=0), 1e-3)
    hidden_step = reach / LARGEST_HIDDEN
    out = out * hidden_step
    direct_step, out_step = steps_of(direct, 127), steps_of(out, LARGEST_OUT)
    # Half a step is added before each shift to round.
    bias = np.round(weights["in bias"] / (in_step / STEPS) + 0.5 * hidden_step / (in_step / STEPS))
    return Layers(
        mean.astype(np.float32), factor, np.round(into / in_step[:, None]), bias,
        np.round(in_step / STEPS / hidden_step * 2**HIDDEN_BITS),
        np.round(direct / direct_step[:, None]), np.round(out / out_step[:, None]),
        np.round(direct_step / STEPS * 2**OUT_BITS), np.round(out_step * 2**OUT_BITS),
        np.round((0.5 - middle @ axes) * 2**OUT_BITS),
    )
