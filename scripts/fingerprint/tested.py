"""How many changed copies are found within the radius of how many pairs of different pictures, in short."""

import numpy as np

import strangers
import whole

SHARES = [10.0**-power for power in range(3, 8)]


def found(layers, features, things):
    """Of features[source][copy][feature], whose copies are those of the training: percent for each share, in words."""
    numbers = np.stack([whole.numbers(layers, features[:, copy]) for copy in range(features.shape[1])], 1)
    numbers = numbers.astype(np.float32)
    near = strangers.Strangers(numbers[:, 0], things, np.zeros(len(things), int))
    distances = np.sqrt(((numbers[:, 1:] - numbers[:, :1]) ** 2).sum(2))
    within = [100 * float((distances <= near.radius(share)).mean()) for share in SHARES]
    return ", ".join(f"{value:.1f} % at {share:.0e}" for value, share in zip(within, SHARES)) + (
        f" of {near.count:,} pairs; the radius of 1e-06 is {near.radius(1e-6):.1f}"
    )
