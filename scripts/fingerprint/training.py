"""Two layers from the features to 32 numbers, trained by contrast.

A batch has two selves of each of its sources. Each self is to find its other self among all the strangers of the
batch by softmax of -distance²/2 (InfoNCE: Chen and others, "A Simple Framework for Contrastive Learning of Visual
Representations", 2020), and each such pair is to be nearer than the nearest of all pairs of strangers at once, softly:
that is what is measured, for one radius must do for all pictures.
"""

import concurrent.futures
import functools
import typing

import jax
import jax.numpy as jnp
import numpy as np

import features

NUMBERS = 32
# Numbers between the layers: HIDDEN of src/fingerprint/layers.rs.
HIDDEN = 768
STEPS, BATCH = 11000, 512
RATE, DECAY = 2e-3, 0.03
WARM = 300
# After how many steps it is kept, to go on from.
KEEP_EVERY = 500
# How often one of a pair is the picture itself, and not a changed copy.
ITSELF = 0.6
# What a pair counts by the second of the two.
TOGETHER = 0.5
# A batch is drawn by kind: so many parts of each.
PARTS = {
    "photographs": 42, "packaged": 24, "mixed": 10, "made up": 10, "pages": 9, "forms": 5, "codes": 4, "line art": 2,
    "memes": 6, "app screens": 2, "screenshots": 1, "dark": 1,
}
# How often a pair is as it is, upside down, mirrored, turned by 180°, and the same along the diagonal.
MIRRORED = [0.4, 0.04, 0.4, 0.04, 0.03, 0.03, 0.03, 0.03]
# So many of one form, of one photograph with captions, of neighbours at a time.
TOGETHER_COUNT = 5
# How often a source brings its nearest strangers, and after how many steps they are looked for anew.
NEAR, NEAR_EVERY = 0.12, 1500


def symmetries():
    """[symmetry][place]: where each feature of a picture that is mirrored, turned or both comes from: the grid is
    square, so every feature only moves to another place. The first is the picture as it is."""
    # Of the eight directions x, -x, x+y, -x-y, y, -y, y-x, x-y: what they are in the mirror, and along the diagonal.
    mirrored, across = [1, 0, 6, 7, 4, 5, 2, 3], [4, 5, 2, 3, 0, 1, 7, 6]
    places, at = [], 0
    for _, count in features.LEVELS:
        size = count * count * len(mirrored)
        places.append(np.arange(at, at + size).reshape(count, count, len(mirrored)))
        at += size
    places.append(np.arange(at, at + features.LOW**2).reshape(features.LOW, features.LOW, 1))

    def moved(parts, change, channels):
        return [change(part)[..., channels if part.shape[2] > 1 else [0]] for part in parts]

    found = []
    for turn in (places, moved(places, lambda part: part.transpose(1, 0, 2), across)):
        for one in (turn, moved(turn, lambda part: part[::-1], mirrored)):
            # Upside down is mirrored along the other side.
            other = moved(one, lambda part: part.transpose(1, 0, 2), across)
            other = moved(moved(other, lambda part: part[::-1], mirrored), lambda part: part.transpose(1, 0, 2), across)
            found += [one, other]
    return np.array([np.concatenate([part.ravel() for part in parts]) for parts in found])


class Data(typing.NamedTuple):
    """Of each source: features float16[source][copy][feature], its kind, thing, and cluster of likely neighbours."""

    features: np.ndarray
    kinds: np.ndarray
    things: np.ndarray
    clusters: np.ndarray


def start(key, features, hidden):
    one, other, third = jax.random.split(key, 3)
    return {
        "in": jax.random.normal(one, (features, hidden)) * (2 / features) ** 0.5,
        "in bias": jnp.zeros(hidden),
        "out": jax.random.normal(other, (hidden, NUMBERS)) * (1 / hidden) ** 0.5,
        "direct": jax.random.normal(third, (features, NUMBERS)) * (0.3 / features) ** 0.5,
    }


def numbers(weights, values):
    """float32[picture][number] of standardised features."""
    hidden = jax.nn.relu(values @ weights["in"] + weights["in bias"])
    return hidden @ weights["out"] + values @ weights["direct"]


def loss(weights, values, strange):
    """Of values[2·source][feature], the first selves before the second, and strange[2·source][2·source]."""
    found = numbers(weights, values)
    lengths = (found * found).sum(1)
    squares = lengths[:, None] + lengths - 2 * found @ found.T
    count = len(values) // 2
    apart = found[:count] - found[count:]
    own = (apart * apart).sum(1)
    own = jnp.concatenate([own, own])
    far = jnp.where(strange, -squares / 2, -jnp.inf)
    nearest = jax.nn.logsumexp(far, 1)
    each = jax.nn.softplus(own / 2 + nearest).mean()
    together = jax.nn.softplus(own / 2 + jax.nn.logsumexp(nearest)).mean()
    return (1 - TOGETHER) * each + TOGETHER * together, (each, together)


def updated(weights, moments, slopes, step, rate):
    """AdamW: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019."""
    mean, square = moments
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, slopes)
    square = jax.tree.map(lambda s, g: 0.98 * s + 0.02 * g * g, square, slopes)

    def moved(weight, m, s):
        move = (m / (1 - 0.9**step)) / (jnp.sqrt(s / (1 - 0.98**step)) + 1e-8)
        return weight - rate * (move + (DECAY * weight if weight.ndim > 1 else 0))

    return jax.tree.map(moved, weights, mean, square), (mean, square)


@functools.partial(jax.jit, donate_argnums=(0, 1))
def stepped(weights, moments, values, strange, step, rate):
    (_, losses), slopes = jax.value_and_grad(loss, has_aux=True)(weights, values, strange)
    size = jnp.sqrt(sum((g * g).sum() for g in jax.tree.leaves(slopes)))
    slopes = jax.tree.map(lambda g: g * jnp.minimum(1, 1 / (size + 1e-9)), slopes)
    weights, moments = updated(weights, moments, slopes, step, rate)
    return weights, moments, losses


class Sampler:
    """Draws the sources of a batch."""

    def __init__(self, data, chance):
        self.data, self.chance = data, chance
        self.places = {kind: np.flatnonzero(data.kinds == kind) for kind in PARTS}
        self.places = {kind: places for kind, places in self.places.items() if len(places)}
        whole = sum(PARTS[kind] for kind in self.places)
        self.parts = {kind: PARTS[kind] / whole for kind in self.places}
        order = np.argsort(data.clusters, kind="stable")
        starts = np.flatnonzero(np.diff(data.clusters[order], prepend=-1))
        self.members = {int(data.clusters[part[0]]): part for part in np.split(order, starts[1:])}
        self.near = None
        self.moves = symmetries()

    def look(self, weights, mean, deviation, rows=2000):
        """Each source's nearest strangers of its kind."""
        data = self.data
        made = jax.jit(numbers)
        found = np.concatenate([
            np.asarray(made(weights, standard(data.features[n : n + rows, 0], mean, deviation)))
            for n in range(0, len(data.features), rows)
        ])
        self.near = np.zeros((len(found), TOGETHER_COUNT), np.int32)
        for places in self.places.values():
            ours, things = found[places], data.things[places]
            lengths = (ours * ours).sum(1)
            for n in range(0, len(places), rows):
                part = slice(n, n + rows)
                squares = lengths - 2 * (ours[part] @ ours.T)
                squares[things[part, None] == things] = np.inf
                most = min(TOGETHER_COUNT, len(places) - 1)
                nearest = np.argpartition(squares, most, axis=1)[:, :most]
                self.near[places[part]] = places[np.resize(nearest, (len(nearest), TOGETHER_COUNT))]

    def batch(self, count):
        found = []
        for kind, places in self.places.items():
            wanted, ours = int(count * self.parts[kind]), []
            while len(ours) < wanted:
                seed = int(self.chance.choice(places))
                cluster = self.members[int(self.data.clusters[seed])]
                if len(cluster) > 1:
                    ours += list(self.chance.permutation(cluster)[:TOGETHER_COUNT])
                elif self.near is not None and self.chance.random() < NEAR:
                    ours += [seed, *self.near[seed]]
                else:
                    ours.append(seed)
            found += ours[:wanted]
        found = dict.fromkeys(found)
        while len(found) < count:
            found[int(self.chance.choice(self.places["photographs"]))] = None
        return np.fromiter(found, int)


    def pairs(self, count):
        """Two selves of each source of a batch, the first selves before the second, and which are strangers."""
        known, chance = self.data.features, self.chance
        places = self.batch(count)
        copies = known.shape[1]
        one = np.where(chance.random(count) < ITSELF, 0, chance.integers(0, copies, count))
        other = (one + chance.integers(1, copies, count)) % copies
        things, captioned = self.data.things[places], self.data.kinds[places] == "memes"
        # A photograph with two captions is two pictures.
        strange = (things[:, None] != things) | (captioned[:, None] & captioned)
        np.fill_diagonal(strange, False)
        # Mirrored and turned pictures are other pictures, and no less real.
        moves = self.moves[chance.choice(len(self.moves), count, p=MIRRORED)]
        selves = [np.take_along_axis(known[places, copy], moves, 1) for copy in (one, other)]
        return np.concatenate(selves), np.tile(strange, (2, 2))


def standard(features, mean, deviation):
    """As the extension has them in whole numbers, 16 to a deviation."""
    values = (features.astype(np.float32) - mean) / deviation
    return np.clip(np.round(values * 16), -127, 127) / np.float32(16)


def measured(features):
    """The features' mean and standard deviation, by a part of them."""
    some = features[:: max(1, len(features) // 10000)].reshape(-1, features.shape[2]).astype(np.float32)
    return some.mean(0), some.std(0) + np.float32(1e-3)


def train(data, file, say, seed=1):
    """The weights, and the features' mean and deviation. The file keeps them now and then, to go on from."""
    mean, deviation = measured(data.features)
    weights = start(jax.random.key(seed), data.features.shape[2], HIDDEN)
    moments = tuple(jax.tree.map(jnp.zeros_like, weights) for _ in range(2))
    begun = 0
    if file.exists():
        weights, moments, begun = kept(file, weights)
        say(f"  going on from step {begun}")
    sampler = Sampler(data, np.random.default_rng([seed, begun]))
    losses = []

    def drawn():
        values, strange = sampler.pairs(BATCH)
        return standard(values, mean, deviation), strange

    # The next batch is drawn while the last one is learned from.
    with concurrent.futures.ThreadPoolExecutor(1) as drawing:
        coming = drawing.submit(drawn)
        for step in range(begun + 1, STEPS + 1):
            values, strange = coming.result()
            if (step == begun + 1 and begun) or step % NEAR_EVERY == 0:
                sampler.look(weights, mean, deviation)
            coming = drawing.submit(drawn)
            rate = RATE * min(1, step / WARM) * 0.5 * (1 + np.cos(np.pi * step / STEPS))
            weights, moments, found = stepped(weights, moments, values, strange, step, rate)
            losses.append([float(one) for one in found])
            if step % KEEP_EVERY == 0 or step == STEPS:
                keep(file, weights, moments, step)
                each, together = np.mean(losses, 0)
                say(f"  step {step} of {STEPS}: loss {each:.4f} each, {together:.4f} together")
                losses = []
    return {key: np.asarray(value) for key, value in weights.items()}, mean, deviation


def keep(file, weights, moments, step):
    trees = {"weights": weights, "mean": moments[0], "square": moments[1]}
    arrays = {f"{name} {key}": value for name, tree in trees.items() for key, value in tree.items()}
    part = file.with_suffix(".part.npz")
    np.savez(part, step=step, **arrays)
    part.rename(file)


def kept(file, like):
    with np.load(file) as arrays:
        trees = [{key: jnp.array(arrays[f"{name} {key}"]) for key in like} for name in ("weights", "mean", "square")]
        return trees[0], tuple(trees[1:]), int(arrays["step"])
