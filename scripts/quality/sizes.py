"""What every method finds in tables of ten thousand to a hundred million: run by scripts/quality.sh.

    python scripts/quality/sizes.py RESULTS GRAPHICS MANUALS HELD_OUT WEIGHTS LAYERS SHARE...

GRAPHICS, MANUALS and HELD_OUT are folders share/ of unpacked packages, WEIGHTS the network's, or - to go
without it, LAYERS the extension's file of the fingerprint, each SHARE a folder of photographs. RESULTS/pools
keeps what was made: a run that was stopped goes on where it was.
"""

import functools
import itertools
import json
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
FINGERPRINT = HERE.parent / "fingerprint"
sys.path.insert(1, str(FINGERPRINT))

import numpy as np  # noqa: E402

import changes  # noqa: E402
import corpus  # noqa: E402
import files  # noqa: E402
import kinds  # noqa: E402
import methods  # noqa: E402
import network  # noqa: E402
import peers  # noqa: E402
import pools  # noqa: E402
import sheet  # noqa: E402
import size_report  # noqa: E402
import strangers  # noqa: E402
import whole  # noqa: E402

SHARES = [10.0**-power for power in range(3, 9)]
SIZES = [10**power for power in range(4, 9)]
DETAIL = 15
# Copies of so many pictures of each kind are looked for.
OF_A_KIND = 150
OF_HELD_OUT = 310
# Of so many it is taken how long the peers take.
TIMED = 60
# What a picture of a kind is found within: by the fingerprint, and by others within what share of photographs' pairs.
RADIUS, SHARE = 1.0, 1e-6
HELD_OUT_CHANGES = [*changes.NINE, "border", "gamma 1.6"]
PHOTOGRAPH_CHANGES = [change for change in changes.CHANGES if change != "mirrored"]
# Pictures by name that are one thing, so no strangers, a line for each thing: found by eye.
SAME = HERE / "same.tsv"
started = time.monotonic()


def say(what):
    print(f"{time.monotonic() - started:5.0f} s  {what}", flush=True)


def photographs_of(shares, folder):
    """The originals, and the pictures by name."""
    say("gathering photographs")
    found, _ = corpus.gather(shares, folder)
    names = list(dict.fromkeys(corpus.photograph(name) for name in found))
    return [
        pools.Original(name, names.index(corpus.photograph(name)), corpus.half(name), lambda p=picture: p)
        for name, picture in found.items()
    ], found


def make_pools(results, graphics, manuals, held_out, weights, shares):
    """All pools, where they are missing. The names of the kinds, and what the peers took."""
    folder = results / "pools"
    stamp = folder / ("made.json" if weights else "made without the network.json")
    if stamp.exists():
        return json.loads(stamp.read_text())
    originals, photographs = photographs_of(shares, results / "corpus")
    wanted = {
        "photographs": (originals, pools.VIEWS, files.QUERIES, PHOTOGRAPH_CHANGES),
        "held out": (kinds.held_out(held_out), 1, OF_HELD_OUT, HELD_OUT_CHANGES),
    }

    def make(path):
        for name, (known, count, looked_for, names) in wanted.items():
            copies = pools.copies(pools.sample(known, looked_for), names, count)
            pools.make(folder, name, known, pools.views(known, count), path, say)
            pools.make(folder, f"{name} changed", known, copies, path, say)

    make(None)
    say("gathering what is no photograph")
    found = kinds.gather(graphics, manuals, results / "pages", photographs)
    wanted |= {kind: (known, 1, OF_A_KIND, changes.OF_GRAPHICS) for kind, known in found.items()}
    make(None)
    if weights:
        # Last, as it takes longest.
        make(weights)
    known = {"kinds": list(found), "milliseconds": milliseconds(list(photographs.values())[:TIMED], weights)}
    stamp.write_text(json.dumps(known))
    return known


def milliseconds(pictures, weights):
    """Of a processor's time that the peers take for a decoded picture of at most 1,024 pixels on a side."""
    makes = {"the four hashes": lambda one: peers.hashes([one])}
    if weights:
        running = network.session(weights)
        makes["the network"] = lambda one: network.numbers(running, [one])
    found = {}
    for name, make in makes.items():
        make(pictures[0])
        before = time.process_time()
        for picture in pictures:
            make(picture)
        found[name] = 1000 * (time.process_time() - before) / len(pictures)
    return found


def same(pool):
    """The pairs of groups that are listed as one thing: all of each line."""
    groups = {corpus.photograph(name): int(group) for name, group in zip(pool["name"], pool["group"])}
    found = set()
    for line in SAME.read_text().splitlines():
        known = sorted({groups[name] for name in line.split("\t") if name in groups})
        found |= set(itertools.combinations(known, 2))
    return frozenset(found)


def own(numbers, copies, pool):
    """The distance of each changed picture to what it was made of."""
    apart = copies.astype(np.float64) - numbers[pool["source"]]
    return np.sqrt((apart * apart).sum(1))


def counted(numbers, pool, copies, changed, distances, chosen=None):
    """Of each changed picture: how many of its half, but not of its group, are as near as its source; of how many;
    and which share of them. By the chosen pictures of the pool alone, or by all."""
    if chosen is not None:
        numbers, pool = numbers[chosen], {key: pool[key][chosen] for key in ("group", "half")}
    nearer, others, shares = (np.zeros(len(copies), kind) for kind in (int, int, float))
    lengths = np.einsum("ij,ij->i", numbers, numbers)
    for start in range(0, len(copies), strangers.ROWS):
        part = slice(start, start + strangers.ROWS)
        squares = (copies[part] ** 2).sum(1)[:, None] + lengths - 2 * (copies[part] @ numbers.T)
        strange = (changed["group"][part, None] != pool["group"]) & (changed["half"][part, None] == pool["half"])
        others[part] = strange.sum(1)
        squares[~strange] = np.inf
        if len(numbers) > strangers.OWN_FITTED:
            shares[part], nearer[part] = strangers.shares_of_each(squares, distances[part], others[part])
        else:
            nearer[part] = (squares <= (distances[part, None] ** 2) * (1 - 1e-6) + 1e-6).sum(1)
    return nearer, others, shares


def percent(values):
    return 100 * float(np.mean(values))


def shown(method, distance):
    """As users see it; nothing, where more than the share have the distance 0."""
    if distance < 0:
        return None
    return float(distance**2 if method.squared else distance * method.unit)


def of_photographs(name, method, pool, changed, folds, results):
    """What one method finds of photographs, by change."""
    detail = pool["detail"] >= DETAIL
    numbers, copies = method.numbers(pool, folds), method.numbers(changed, folds)
    near = strangers.Strangers(numbers[detail], pool["group"][detail], pool["half"][detail], same(pool))
    sheet.keep(results / "nearest" / name, pool, np.flatnonzero(detail)[near.pairs], near.distances)
    distances = own(numbers, copies, changed)
    pooled = near.share(distances)
    searched = {key: value[detail] for key, value in pool.items()}
    nearer, others, shares = counted(numbers[detail], searched, copies, changed, distances)
    # A tenth of the photographs, to see how well the rest is foreseen by them.
    few = searched["group"] % 10 == 0
    _, _, by_few = counted(numbers[detail], searched, copies, changed, distances, few)
    radii = [near.radius(share) for share in SHARES]
    radius = radii[SHARES.index(SHARE)]
    found = {
        "pairs": near.count, "within": int((near.distances <= radius).sum()), "power": near.power,
        "radius": [shown(method, r) for r in radii], "changes": {},
    }
    for change in PHOTOGRAPH_CHANGES:
        chosen = changed["change"] == change
        found["changes"][change] = {
            "within": [percent(distances[chosen] <= radius) for radius in radii],
            "first": [percent(strangers.expected(shares[chosen], size, 1)) for size in SIZES],
            "ten": [percent(strangers.expected(shares[chosen], size, 10)) for size in SIZES],
            "least": [percent(strangers.expected(pooled[chosen], size, 1)) for size in SIZES],
            "least ten": [percent(strangers.expected(pooled[chosen], size, 10)) for size in SIZES],
            "counted": [percent(nearer[chosen] < among) for among in (1, 10)],
            "foreseen": [percent(strangers.expected(by_few[chosen], others[chosen], among)) for among in (1, 10)],
            "foreseen at least": [
                percent(strangers.expected(pooled[chosen], others[chosen], among)) for among in (1, 10)
            ],
        }
    found["counted of"] = int(np.median(others))
    return found, radius


def of_a_kind(method, pool, changed, layers, radius):
    """How many of a million pairs are within the radius, and what is found of changed ones.

    By one set of layers; of two, by the one that did not see a picture's half: a pair of both halves counts half by
    each."""
    halves, changed_halves = (one["half"] * (len(layers) - 1) for one in (pool, changed))
    nobody, nobody_changed = np.zeros(len(halves), int), np.zeros(len(changed_halves), int)
    chosen_by = {"all": pool["detail"] >= 0, "detailed": pool["detail"] >= DETAIL}
    twice = {what: np.zeros(2, int) for what in chosen_by}
    distances, nearer = np.zeros(len(changed_halves)), np.zeros(len(changed_halves), int)
    for half, ours in enumerate(reversed(layers)):
        numbers, copies = method.numbers(pool, [ours]), method.numbers(changed, [ours])
        for what, chosen in chosen_by.items():
            belongs = (halves[chosen] == half).astype(int)
            pairs = strangers.products(numbers[chosen], pool["group"][chosen], nobody[chosen])
            for left, right, different, squares in pairs:
                counts = different * (belongs[left][:, None] + belongs[right])
                twice[what] += counts.sum(), counts[squares <= radius**2].sum()
        apart = own(numbers, copies, changed)
        found, _, _ = counted(numbers, {**pool, "half": nobody}, copies, {**changed, "half": nobody_changed}, apart)
        here = changed_halves == half
        distances[here], nearer[here] = apart[here], found[here]
    found = {}
    for what, chosen in chosen_by.items():
        pairs, within = twice[what] / 2
        found[what] = {"pictures": int(chosen.sum()), "pairs": float(pairs), "within": float(within)}
    for change in dict.fromkeys(changed["change"]):
        chosen = changed["change"] == change
        found[change] = {"within": percent(distances[chosen] <= radius), "first": percent(nearer[chosen] == 0)}
    return found


def detailed(method, pool, layers, half=None):
    """The numbers of what has enough detail: of all, or of one half."""
    chosen = pool["detail"] >= DETAIL
    chosen &= True if half is None else pool["half"] == half
    return method.numbers({key: value[chosen] for key, value in pool.items()}, layers)


def of_different_kinds(method, photographs, others, folds, shipped, radius):
    """Pairs of pictures of enough detail and of two kinds, and how many are within the radius.

    What is made of photographs is compared with no photograph, nor with others of that sort: they may show the same.
    Photographs are compared by the layers that did not see them."""
    blocks = []
    for half, ours in enumerate(reversed(folds)):
        ones = detailed(method, photographs, [ours], half)
        blocks += [(ones, detailed(method, pool, [ours])) for kind, pool in others.items()
                   if kind not in kinds.OF_PHOTOGRAPHS]
    numbers = {kind: detailed(method, pool, shipped) for kind, pool in others.items()}
    blocks += [(numbers[one], numbers[other]) for one, other in itertools.combinations(others, 2)
               if not {one, other} <= set(kinds.OF_PHOTOGRAPHS)]
    pairs, within = 0, 0
    for ones, rest in blocks:
        lengths = np.einsum("ij,ij->i", rest, rest)
        for start in range(0, len(ones), strangers.ROWS):
            part = ones[start : start + strangers.ROWS]
            squares = (part**2).sum(1)[:, None] + lengths - 2 * (part @ rest.T)
            pairs, within = pairs + squares.size, within + int((squares <= radius**2).sum())
    return {"pairs": pairs, "within": within}


def of_held_out(name, method, pool, changed, layers, results):
    """Found at the first place, and within the radii of a thousandth and less of the pairs."""
    numbers, copies = method.numbers(pool, layers), method.numbers(changed, layers)
    nobody, nobody_changed = np.zeros(len(numbers), int), np.zeros(len(copies), int)
    detail = np.flatnonzero(pool["detail"] >= DETAIL)
    near = strangers.Strangers(numbers[detail], pool["group"][detail], nobody[detail], same(pool))
    sheet.keep(results / "nearest" / f"held out {name}", pool, detail[near.pairs], near.distances)
    distances = own(numbers, copies, changed)
    nearer, _, _ = counted(numbers, {**pool, "half": nobody}, copies, {**changed, "half": nobody_changed}, distances)
    return {
        "pictures": len(numbers), "copies": len(copies), "pairs": near.count, "first": percent(nearer == 0),
        "within": [percent(distances <= near.radius(share)) for share in SHARES[:3]],
    }


def main():
    results, graphics, manuals, held_out, weights, layers = map(pathlib.Path, sys.argv[1:7])
    weights = None if str(weights) == "-" else weights
    made = make_pools(results, graphics, manuals, held_out, weights, sys.argv[7:])
    folds = [whole.read(FINGERPRINT / f"fold_{half}.bin") for half in "ab"]
    shipped = [whole.read(layers)]

    @functools.cache
    def both(name):
        """The pool and its changed pictures, with their details."""
        read = [pools.read(results / "pools", f"{name}{rest}", bool(weights)) for rest in ("", " changed")]
        return [{**pool, "detail": methods.details(pool)} for pool in read]

    pool, _ = both("photographs")
    say(f"{len(pool['view']):,} views of photographs, {int((pool['detail'] < DETAIL).sum())} of too little detail")
    found = {}
    for name, method in methods.METHODS.items():
        if name == "network" and not weights:
            continue
        say(f"pairs of different photographs, by {method.title}")
        one, radius = of_photographs(name, method, *both("photographs"), folds, results)
        within = RADIUS / method.unit if name == "fingerprint" else radius
        one["kinds"] = {
            kind: of_a_kind(method, *both(kind), folds if kind in kinds.OF_PHOTOGRAPHS else shipped, within)
            for kind in made["kinds"]
        }
        others = {kind: both(kind)[0] for kind in made["kinds"]}
        one["different kinds"] = of_different_kinds(method, pool, others, folds, shipped, within)
        one["held out"] = of_held_out(name, method, *both("held out"), shipped, results)
        found[name] = one
        (results / "sizes.json").write_text(json.dumps(found, indent=1))
    (results / "sizes.md").write_text(size_report.make(found, SHARES, SIZES, made["milliseconds"]))
    (results / "recall.svg").write_text(size_report.plot(found, SIZES))
    print(size_report.opening(found, SIZES))


if __name__ == "__main__":
    main()
