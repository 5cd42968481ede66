"""Mistakes with the temperature T of softmax(z/T)."""

from __future__ import annotations

from ..formula import Formula
from .mistake import Mistake, of_slope, of_softmax


def forgotten(f: Formula) -> Formula | None:
    """softmax(z), and its derivative."""
    return f.but(temperature=1.0) if f.temperature != 1.0 else None


def multiplied(f: Formula) -> Formula | None:
    """softmax(z·T), and its derivative."""
    return f.but(temperature=1.0 / f.temperature) if f.temperature != 1.0 else None


def not_divided(f: Formula) -> Formula | None:
    """The derivative without its factor 1/T."""
    return f.but(factor=f.factor * f.temperature) if f.temperature != 1.0 else None


def divided_twice(f: Formula) -> Formula | None:
    """The derivative over T²."""
    return f.but(factor=f.factor / f.temperature) if f.temperature != 1.0 else None


TEMPERATURE = (
    Mistake(
        "missing-temperature",
        (forgotten,),
        of_softmax,
        "the temperature is left out: divide the logits by T before the softmax",
    ),
    Mistake(
        "temperature-multiplied",
        (multiplied,),
        of_softmax,
        "the logits are multiplied by the temperature: divide them by T",
    ),
    Mistake(
        "temperature-factor",
        (not_divided, divided_twice),
        of_slope,
        "the derivative of softmax(z/T) has the factor 1/T, once",
    ),
)
