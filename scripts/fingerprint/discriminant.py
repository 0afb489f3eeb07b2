"""Linear discriminant analysis: the directions in which pictures differ most for what changes do to them."""

import numpy as np

NUMBERS = 32
# How much of the scatters is that of drawings.
DRAWINGS = 0.15
# The scatter within is drawn so far towards its diagonal along the axes of both scatters, where little is
# left off it (bars over a picture are found again), and so far towards that of the features (turned
# pictures are).
SHRINK = 0.3
SHRINK_FEATURES = 0.02
# The standard deviation of the number that varies most: 127 is three and a half of them.
SPREAD = 36.0


def scatters(views, changed, weights):
    """The mean of the views, their scatter, and that between a view and its changed selves."""
    mean = views.mean(0)
    about = views - mean
    apart = (changed - views[:, None]).reshape(-1, views.shape[1])
    apart = apart * np.sqrt(weights.reshape(-1, 1) / weights.mean()).astype(np.float32)
    return mean, (about.T @ about / len(about), apart.T @ apart / len(apart))


def directions(total, within):
    """[feature][number], the most telling first, each with its largest part positive."""
    within = (1 - SHRINK_FEATURES) * within + SHRINK_FEATURES * np.diag(np.diag(within))
    _, axes = np.linalg.eigh(total.astype(np.float64) + within / 2)
    total, within = axes.T @ total @ axes, axes.T @ within @ axes
    within = (1 - SHRINK) * within + SHRINK * np.diag(np.diag(within))
    # A feature that never changes must not divide by zero.
    within += np.eye(len(within)) * 1e-9 * np.trace(within) / len(within)
    half = np.linalg.inv(np.linalg.cholesky(within))
    _, vectors = np.linalg.eigh(half @ total @ half.T)
    found = axes @ half.T @ vectors[:, ::-1][:, :NUMBERS]
    return found * np.sign(found[np.abs(found).argmax(0), np.arange(NUMBERS)])


def constants(photographs, drawings):
    """The offsets and the projection, from (views, changed, weights) of both."""
    mean, (total, within) = scatters(*photographs)
    other, (drawn_total, drawn_within) = scatters(*drawings)
    drawn_total += np.outer(other - mean, other - mean)
    total = (1 - DRAWINGS) * total + DRAWINGS * drawn_total
    within = (1 - DRAWINGS) * within + DRAWINGS * drawn_within
    projection = directions(total, within)
    numbers = (photographs[0] - mean) @ projection
    projection *= SPREAD / numbers.std(0).max()
    return (-mean @ projection).astype("<f4"), projection.astype("<f4")
