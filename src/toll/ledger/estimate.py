"""The statistics that formulas use. The tests compare them with scipy, which takes three seconds to import.

Counts are of events, times are days, and levels and probabilities lie between 0 and 1. Where a count is infinite (an
open-ended "at least"), so are rates and quantiles. Every function except the p-value is monotone in each argument, so
the bounds of the inputs give the bounds of the result.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from statistics import NormalDist

_JEFFREYS = 0.5  # shape that the Jeffreys prior of a Poisson rate adds to the observed count


def rate(count: float, days: float) -> float:
    """Events a day: count / days."""
    return count / days


def even_pace(count: float, elapsed: float, whole: float) -> float:
    """Total after `whole` days if events go on at the pace of the first `elapsed` days, which had `count`."""
    return count * whole / elapsed


def projected_total(count: float, elapsed: float, whole: float, probability: float, dispersion: float = 1.0) -> float:
    """Quantile of the total after `whole` days, given `count` events in the first `elapsed`, at a constant rate.

    With `dispersion` 1 the events are independent (Poisson) and the rate has its Jeffreys prior: what is still to come
    is negative binomial with shape count + 1/2 and success probability elapsed / whole, and the quantile is the
    smallest total whose probability reaches `probability`. With `dispersion` above 1 (variance of a count = dispersion
    x its mean, as when events come in clusters) it is the joint-sampling limit with z widened by the square root of
    the dispersion, rounded inward to a whole number.

    References: Gelman et al., Bayesian Data Analysis (2013), section 2.6; Krishnamoorthy and Peng, Improved
    closed-form prediction intervals for binomial and Poisson distributions, JSPI 141 (2011) 1709-1718.
    """
    if math.isinf(count):
        return math.inf
    remaining = whole - elapsed
    if remaining == 0:
        return count
    if dispersion == 1:
        cumulative = itertools.accumulate(_still_to_come(count, elapsed, whole))
        below = itertools.takewhile(lambda reached: reached < probability, cumulative)
        return count + float(sum(1 for _ in below))
    inward = math.ceil if probability < 0.5 else math.floor
    return max(count, float(inward(projection_edge(count, elapsed, whole, probability, dispersion))))


def projection_edge(count: float, elapsed: float, whole: float, probability: float, dispersion: float = 1.0) -> float:
    """The joint-sampling limit of `projected_total` before rounding: a smooth edge to draw, never below `count`.

    With dispersion 1 it is within one event of the exact quantile, given sixty events in five months or more.
    """
    if math.isinf(count):
        return math.inf
    z = NormalDist().inv_cdf(probability) * math.sqrt(dispersion)
    ahead = (whole - elapsed) / elapsed
    expected = count * ahead
    center = expected + z * z * ahead / 2
    return max(count, count + center + z * math.sqrt(expected * (1 + ahead) + (z * ahead / 2) ** 2))


def probability_above(threshold: float, count: float, elapsed: float, whole: float, dispersion: float = 1.0) -> float:
    """Probability that the total after `whole` days exceeds `threshold`. The model is that of `projected_total`.

    With dispersion above 1, what is still to come is approximately normal, with continuity correction.
    """
    if threshold < count:
        return 1.0
    remaining, needed = whole - elapsed, int(threshold - count)
    if remaining == 0:
        return 0.0
    if dispersion == 1:
        to_come = _still_to_come(count, elapsed, whole)
        return 1 - math.fsum(next(to_come) for _ in range(needed + 1))
    expected = count * remaining / elapsed
    spread = math.sqrt(dispersion * expected * (1 + remaining / elapsed))
    return 1 - NormalDist(expected, spread).cdf(needed + 0.5)


def _still_to_come(count: float, elapsed: float, whole: float) -> Iterator[float]:
    """Probabilities of 0, 1, 2, ... further events: negative binomial, in logarithms so the first don't underflow."""
    shape, success = count + _JEFFREYS, elapsed / whole
    constant = shape * math.log(success) - math.lgamma(shape)
    for k in itertools.count():
        yield math.exp(constant + math.lgamma(shape + k) - math.lgamma(k + 1) + k * math.log1p(-success))


def rate_ratio(count: float, days: float, base_count: float, base_days: float) -> float:
    """The rate of one period as a multiple of another's."""
    return rate(count, days) / rate(base_count, base_days)


def rate_ratio_limit(count: float, days: float, base_count: float, base_days: float, probability: float) -> float:
    """Exact limit of `rate_ratio`: `probability` 0.025 and 0.975 give the ends of a 95% confidence interval.

    Given the sum of two Poisson counts the first is binomial; its Clopper-Pearson limit is turned into a ratio.

    Reference: Przyborowski and Wilenski, Homogeneity of results in testing samples from Poisson series,
    Biometrika 31 (1940) 313-323.
    """
    count, base_count = round(count), round(base_count)
    trials = count + base_count
    if probability < 0.5:
        if count == 0:
            return 0.0
        share = _bisect(lambda p: math.fsum(_binomial(k, trials, p) for k in range(count, trials + 1)) - probability)
    else:
        if base_count == 0:
            return math.inf
        share = _bisect(lambda p: 1 - probability - math.fsum(_binomial(k, trials, p) for k in range(count + 1)))
    return share / (1 - share) * base_days / days


def rate_difference_p(count: float, days: float, base_count: float, base_days: float) -> float:
    """Two-sided exact p-value for equal rates: all outcomes at most as likely as the observed one.

    Not monotone in its arguments: it is 1 where the two rates agree. Reference as in `rate_ratio_limit`.
    """
    count, base_count = round(count), round(base_count)
    trials, share = count + base_count, days / (days + base_days)
    chances = [_binomial(k, trials, share) for k in range(trials + 1)]
    observed = chances[count] * (1 + 1e-7)  # allows for rounding
    return min(1.0, math.fsum(chance for chance in chances if chance <= observed))


def dispersion_index(*counts_and_days: float) -> float:
    """How much more counts scatter than independent events would: 1 if they don't.

    `counts_and_days` are count, days, count, days, … of consecutive periods. Pearson's chi-squared against the common
    rate, divided by its degrees of freedom.

    Reference: McCullagh and Nelder, Generalized Linear Models (1989), section 4.5.2.
    """
    counts, days = counts_and_days[::2], counts_and_days[1::2]
    expected = [math.fsum(counts) * each / math.fsum(days) for each in days]
    terms = [(count - mean) ** 2 / mean for count, mean in zip(counts, expected, strict=True)]
    return math.fsum(terms) / (len(terms) - 1)


def within(value: float, low: float, high: float) -> float:
    """1 if `value` lies from `low` to `high`, else 0. Its sums count the intervals that held."""
    return float(low <= value <= high)


def interval_score(value: float, low: float, high: float, level: float) -> float:
    """Width of the interval, plus 2 / (1 - level) for each unit by which `value` lies outside. Less is better.

    Reference: Gneiting and Raftery, Strictly proper scoring rules, JASA 102 (2007) 359-378, section 6.2.
    """
    return high - low + 2 / (1 - level) * (max(low - value, 0) + max(value - high, 0))


def days_between(first: date, last: date) -> float:
    """Days from `first` to `last`, both included."""
    return float((last - first).days + 1)


def months_between(first: date, last: date) -> float:
    """Calendar months from that of `first` to that of `last`, both included."""
    return float(12 * (last.year - first.year) + last.month - first.month + 1)


def days_after(day: date, days: float) -> date:
    """The date that many days after `day`."""
    return day + timedelta(days=days)


def _binomial(k: int, trials: int, share: float) -> float:
    if share in (0.0, 1.0):
        return float(k == trials * share)
    log_choose = math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
    return math.exp(log_choose + k * math.log(share) + (trials - k) * math.log1p(-share))


def _bisect(increasing: Callable[[float], float], low: float = 0.0, high: float = 1.0) -> float:
    """Root of an increasing function on [low, high], as exactly as halving can find it."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if increasing(middle) > 0 else (middle, high)
    return (low + high) / 2
