"""Every mistake of an error, alone and with a sign, a factor, a transposition or a mean for a sum, on random problems
of many shapes in two precisions: named, or a list says what is said instead, and why."""

import numpy as np
import pytest
from mistaken import MISTAKES, OF_ONE_RESULT, RESULTS, Step

from softmax_cli import compare

SHAPES = [(9, 6, 4), (7, 4, 4), (5, 3, 2), (6, 1, 3), (12, 3, 6), (6, 7, 5), (20, 2, 3), (16, 8, 10)]  # N, J, K
SQUARE = [(7, 4, 4), (5, 3, 3), (12, 6, 6), (4, 2, 2), (9, 8, 8)]
OTHERS = {
    "alone": set(),
    "sign": {"sign-flipped"},
    "scale": {"scaled"},
    "mean": {"scaled"},
    "transposed": {"transposed"},
}
NUMBERS = range(len(MISTAKES) + len(OF_ONE_RESULT))


def cases(other):
    """A mistake, a result, a shape and a precision: each mistake twice alone, and once with another,
    in turn through all of them."""
    shift = list(OTHERS).index(other)
    for number in NUMBERS:
        for turn in range(2 if other == "alone" else 1):
            key, square = RESULTS[(number // 8 + shift + turn) % 4], other == "transposed"
            if number >= len(MISTAKES):
                _, key, _, _, wanted = OF_ONE_RESULT[number - len(MISTAKES)]
                square = square or bool(wanted)
            key = "dE_dW" if other == "transposed" else key
            shape = SQUARE[(number + 2 * turn) % 5] if square else SHAPES[(number + 3 * shift + 5 * turn) % 8]
            yield number, key, shape, (np.float64, np.float32)[(number // 2 + turn) % 2]


def made(number, key, shape):
    """A mistake: its name, its matrix and the options of what is right."""
    step = Step(*shape, seed=number)
    if number < len(MISTAKES):
        name, make, options = MISTAKES[number]
        return name, step, step.of(make(step))[key], options(step)
    name, of, make, options, square = OF_ONE_RESULT[number - len(MISTAKES)]
    fits = of == key and square in (None, shape[1] == shape[2])
    return name, step, make(step) if fits else None, options(step)


def said(other, number, key, shape, precision):
    """The name of a mistake, the report, and all that it names, as sets; None where the mistake cannot be made."""
    name, step, theirs, options = made(number, key, shape)
    if theirs is None:
        return None
    if other == "transposed":
        theirs, options = theirs.T, {**options, "layout": "in-out"}
    if other == "mean":
        options = {**options, "reduction": "sum"}
    theirs = {"sign": -theirs, "scale": 3.25 * theirs}.get(other, theirs)
    report = compare(theirs.astype(precision), step.x, step.W, step.b, of=key, **{"target": step.t, **options})
    named = (report.diagnosis, *(explanation.diagnosis for explanation in report.others))
    return name, report, [set(names.split(" + ")) for names in named if names]


CONSTANT = {26, 27, 36, 38, 41}  # in MISTAKES: these change every entry by one factor and do nothing else
NOTHING, PLACE, AGREES = "nothing is said", "a line says where", "they agree"

# Of what cannot be told, or not by its name: why not, which those are, and what is said instead.
INSTEAD = [
    (
        "two constants are one",
        lambda name, other, number, key, shape: number in CONSTANT and other in ("sign", "scale", "mean"),
        lambda other: {"scaled"},
    ),
    (
        "a sum does not see the order of the targets",
        lambda name, other, number, key, shape: name == "targets-out-of-order" and key == "dE_db",
        lambda other: OTHERS[other] or AGREES,
    ),
    (
        "K weights explain any K numbers",
        lambda name, other, number, key, shape: name == "class-weights" and (key == "dE_db" or shape[1] == 1),
        lambda other: NOTHING,
    ),
    (
        "class weights times a constant are class weights",
        lambda name, other, number, key, shape: name == "class-weights" and other in ("scale", "mean"),
        lambda other: {"class-weights"},
    ),
    (
        "two outputs that are exchanged have the opposite sign, and a second one mends it",
        lambda name, other, number, key, shape: name == "outputs-exchanged" and shape[2] == 2 and other == "sign",
        lambda other: AGREES,
    ),
    (
        "of two outputs, those of −z are exchanged",
        lambda name, other, number, key, shape: name == "targets-off-by-one" and shape[2] == 2 and other == "sign",
        lambda other: {"logits-negated"},
    ),
    (
        "two numbers that sum to zero are one, which a constant explains",
        lambda name, other, number, key, shape: (
            key == "dE_db" and shape[2] == 2 and other != "alone" and name in SUMMING_TO_ZERO
        ),
        lambda other: {"scaled"},
    ),
    (
        "two numbers show no two mistakes",
        lambda name, other, number, key, shape: key == "dE_db" and shape[2] == 2 and other != "alone",
        lambda other: NOTHING,
    ),
    (
        "two numbers that are fitted explain as many that are free",
        lambda name, other, number, key, shape: (
            name in ("other-temperature", "label-smoothing", "one-sample")
            and other == "scale"
            and ((key == "dE_db" and shape[2] <= 4) or (key == "dE_dW" and shape[1] == 1))
        ),
        lambda other: NOTHING,
    ),
    (
        "the one input over N is the other way to leave the rest out",
        lambda name, other, number, key, shape: name == "one-input-alone" and other == "mean",
        lambda other: {"one-input-alone"},
    ),
    (
        "2/N of a squared error over 12 inputs is 1/K of 6 outputs",
        lambda name, other, number, key, shape: number == 14 and other == "mean" and shape == (12, 3, 6),
        lambda other: {"squared-error"},
    ),
    (
        "ε for the other of two outputs is 2ε for both",
        lambda name, other, number, key, shape: name == "smoothed-over-others" and shape[2] == 2,
        lambda other: {"label-smoothing"} | OTHERS[other],
    ),
    (
        "one entry that is not zero shows no two mistakes",
        lambda name, other, number, key, shape: (
            name == "one-input-alone" and key == "dE_dx" and shape[1] == 1 and other != "alone"
        ),
        lambda other: PLACE,
    ),
    (
        "where a matrix is wrong is looked for in the expected layout alone",
        lambda name, other, number, key, shape: name == "clipped" and other == "transposed",
        lambda other: NOTHING,
    ),
    (
        "what is clipped on one side alone, or in one entry, and beside another mistake",
        lambda name, other, number, key, shape: name == "clipped",
        lambda other: PLACE,
    ),
    (
        "one column that is reshaped is the same",
        lambda name, other, number, key, shape: name == "reshaped" and shape[1] == 1,
        lambda other: OTHERS[other] or AGREES,
    ),
]
SUMMING_TO_ZERO = {
    "softmax-twice", "missing-bias", "log-softmax", "squared-error", "targets-off-by-one", "one-input-alone",
    "outputs-exchanged", "missing-temperature", "temperature-multiplied", "other-temperature",
}  # fmt: skip


def wanted(name, other, number, key, shape):
    """What is to be said, and of what is said instead of the names, why."""
    for why, applies, instead in INSTEAD:
        if applies(name, other, number, key, shape):
            return instead(other), why
    return {name} | OTHERS[other], ""


@pytest.mark.slow
@pytest.mark.parametrize("other", OTHERS)
def test_it_is_named(other):
    missed = []
    for number, key, shape, precision in cases(other):
        found = said(other, number, key, shape, precision)
        if found is None:
            continue
        name, report, names = found
        expected, why = wanted(name, other, number, key, shape)
        told = AGREES if report else names or (PLACE if report.where else NOTHING)
        if expected not in (told if isinstance(told, list) else [told]):
            missed.append((name, number, key, shape, precision.__name__, told, expected, why))
    assert missed == []


def test_every_mistake_is_tried_in_several_shapes_and_both_precisions():
    tried = {number: {case[1:] for other in OTHERS for case in cases(other) if case[0] == number} for number in NUMBERS}
    assert all(len({shape for _, shape, _ in each}) >= 2 for each in tried.values())
    assert all(len({precision for _, _, precision in each}) == 2 for each in tried.values())
