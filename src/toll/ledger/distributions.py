"""The four distributions that `estimate` needs. scipy has them all, but takes longer to import than a run to start.

References: DLMF, Digital Library of Mathematical Functions, section 8.17 (incomplete beta function, with the continued
fraction 8.17.22); Press et al., Numerical Recipes (2007), section 6.4 (Lentz's method, and what follows from it).
"""

from __future__ import annotations

import math
from collections.abc import Callable

_TINY = 1e-300
_PRECISION = 1e-15


def beta_share(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function: the share of a beta distribution (a, b) that lies below `x`."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(b, a, 1 - x)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) / (a * _continued_fraction(a, b, x))


def _continued_fraction(a: float, b: float, x: float) -> float:
    """1 + d1 x / (1 + d2 x / (1 + …)) by Lentz's method, in about as many steps as the root of the larger shape."""
    fraction, above, below = 1.0, 1.0, 0.0
    for step in range(1, 1_000_000):  # it ends long before, for every count that a table may hold
        half = step // 2
        if step % 2:
            term = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            term = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        below = 1 / (1 + term * below or _TINY)
        above = 1 + term / above or _TINY
        fraction *= above * below
        if abs(above * below - 1) < _PRECISION:
            break
    return fraction


def beta_quantile(a: float, b: float, share: float) -> float:
    """The `x` below which that share of a beta distribution lies."""
    return bisect(lambda x: beta_share(a, b, x) >= share)


def negative_binomial_above(count: float, shape: float, success: float) -> float:
    """Probability of more than `count` failures before `shape` successes, small ones included."""
    return beta_share(math.floor(count) + 1, shape, 1 - success) if count >= 0 else 1.0


def negative_binomial_quantile(probability: float, shape: float, success: float) -> float:
    """The smallest number of failures before `shape` successes whose cumulative probability reaches `probability`."""
    high = 1
    while negative_binomial_above(high, shape, success) > 1 - probability:
        high *= 2
    low = -1  # nothing lies at or below it
    while high - low > 1:
        middle = (low + high) // 2
        reached = beta_share(shape, middle + 1, success) >= probability
        low, high = (low, middle) if reached else (middle, high)
    return float(high)


def binomial_chance(count: int, trials: int, share: float) -> float:
    """Probability of exactly `count` of `trials`."""
    if share in (0.0, 1.0):
        return float(count == trials * share)
    log_choose = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
    return math.exp(log_choose + count * math.log(share) + (trials - count) * math.log1p(-share))


def binomial_at_least(count: int, trials: int, share: float) -> float:
    """Probability of `count` or more of `trials`."""
    if count <= 0 or count > trials:
        return float(count <= 0)
    return beta_share(count, trials - count + 1, share)


def binomial_at_most(count: int, trials: int, share: float) -> float:
    """Probability of `count` or fewer of `trials`."""
    return binomial_at_least(trials - count, trials, 1 - share)


def student_above(value: float, degrees: float) -> float:
    """Probability that Student's t exceeds `value`; with infinite degrees of freedom it is the normal distribution."""
    if math.isinf(degrees):
        return math.erfc(value / math.sqrt(2)) / 2
    tail = beta_share(degrees / 2, 0.5, degrees / (degrees + value * value)) / 2
    return tail if value >= 0 else 1 - tail


def student_quantile(probability: float, degrees: float) -> float:
    """The value below which Student's t lies with that probability."""
    if probability > 0.5:
        return -student_quantile(1 - probability, degrees)
    return -bisect(lambda value: student_above(value, degrees) <= probability, 0.0, math.inf)


def bisect(reached: Callable[[float], bool], low: float = 0.0, high: float = 1.0) -> float:
    """Where `reached` turns true between `low` and `high`, as exactly as halving can find it."""
    if math.isinf(high):
        high = 1.0
        while not reached(high):
            high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if reached(middle) else (middle, high)
    return (low + high) / 2
