"""The statistics that formulas use.

Counts are of events, times are days, and levels and probabilities lie between 0 and 1. A count may be infinite, the
open end of "at least": results then are what they tend to, and `nan` where that depends on how two counts grow. Except
for those in `NOT_MONOTONE` every function is monotone in each argument, so that its bounds are found at the bounds of
its arguments.
"""

from __future__ import annotations

import math
from datetime import date, timedelta

from toll.ledger import distributions

NOT_MONOTONE = ("rate_difference_p", "dispersion_index", "interval_score", "within")
_JEFFREYS = 0.5  # shape that the Jeffreys prior of a Poisson rate adds to the observed count


def rate(count: float, days: float) -> float:
    """Events a day: count / days."""
    return count / days


def remaining(total: float, part: float) -> float:
    """What is left of a total without a part of it; nothing where the part is given as the larger."""
    return max(total - part, 0.0)


def even_pace(count: float, elapsed: float, whole: float) -> float:
    """Total after `whole` days if events go on at the pace of the first `elapsed` days, which had `count`."""
    return count * whole / elapsed


def projected_total(
    count: float,
    elapsed: float,
    whole: float,
    probability: float,
    dispersion: float = 1.0,
    degrees: float = math.inf,
) -> float:
    """Quantile of the total after `whole` days, given `count` events in the first `elapsed`, at a constant rate.

    With `dispersion` 1 the events are independent (Poisson) and the rate has its Jeffreys prior: what is still to come
    is negative binomial with shape count + 1/2 and success probability elapsed / whole, and the quantile is the
    smallest total whose probability reaches `probability`. With `dispersion` above 1 (variance of a count = dispersion
    x its mean, as when events come in clusters) it is `projection_edge`, rounded inward to a whole number, and never
    nearer to the middle than independent events would have it. `degrees` are the degrees of freedom on which the
    dispersion was estimated.

    References: Gelman et al., Bayesian Data Analysis (2013), section 2.6; Krishnamoorthy and Peng, Improved
    closed-form prediction intervals for binomial and Poisson distributions, JSPI 141 (2011) 1709-1718.
    """
    _refuse_certainty(probability)
    if math.isinf(count) or elapsed == whole:
        return count
    independent = count + distributions.negative_binomial_quantile(probability, count + _JEFFREYS, elapsed / whole)
    if dispersion <= 1 and math.isinf(degrees):
        return independent
    edge = projection_edge(count, elapsed, whole, probability, dispersion, degrees)
    if probability < 0.5:
        return min(independent, max(count, float(math.ceil(edge))))
    return max(independent, float(math.floor(edge))) if probability > 0.5 else independent


def projection_edge(
    count: float,
    elapsed: float,
    whole: float,
    probability: float,
    dispersion: float = 1.0,
    degrees: float = math.inf,
) -> float:
    """The joint-sampling limit of `projected_total` before rounding: a smooth edge to draw, never below `count`.

    The normal quantile of the limit is multiplied by the square root of the dispersion, which counts as 1 where it is
    less. A dispersion that was estimated on few degrees of freedom is itself uncertain: the quantile is then Student's.
    With dispersion 1 the limit is within one event of the exact quantile, given sixty events in five months or more.

    Reference: McCullagh and Nelder, Generalized Linear Models (1989), section 4.5 (t in place of z for an estimated
    dispersion).
    """
    _refuse_certainty(probability)
    if math.isinf(count):
        return math.inf
    z = distributions.student_quantile(probability, degrees) * math.sqrt(max(dispersion, 1.0))
    ahead = (whole - elapsed) / elapsed
    expected = count * ahead
    center = expected + z * z * ahead / 2
    return max(count, count + center + z * math.sqrt(expected * (1 + ahead) + (z * ahead / 2) ** 2))


def probability_above(
    threshold: float,
    count: float,
    elapsed: float,
    whole: float,
    dispersion: float = 1.0,
    degrees: float = math.inf,
) -> float:
    """Probability that the total after `whole` days exceeds `threshold`. The model is that of `projected_total`.

    With dispersion above 1, what is still to come is approximately normal (Student's t where the dispersion was
    estimated), with continuity correction.
    """
    if math.isinf(threshold) or math.isinf(count):
        return math.nan if threshold == count else float(threshold < count)
    if threshold < count or elapsed == whole:
        return float(threshold < count)
    ahead = (whole - elapsed) / elapsed
    independent = distributions.negative_binomial_above(threshold - count, count + _JEFFREYS, elapsed / whole)
    if dispersion <= 1 and math.isinf(degrees):
        return independent
    if count == 0:  # the normal law has no spread there; the chance is no more than after one event
        return min(independent, probability_above(threshold, 1.0, elapsed, whole, dispersion, degrees))
    spread = math.sqrt(max(dispersion, 1.0) * count * ahead * (1 + ahead))
    return distributions.student_above((math.floor(threshold - count) + 0.5 - count * ahead) / spread, degrees)


def _refuse_certainty(probability: float) -> None:
    if not 0 < probability < 1:
        raise ValueError(f"a quantile needs a probability between 0 and 1, and {probability:g} is none")


def rate_ratio(count: float, days: float, base_count: float, base_days: float) -> float:
    """The rate of one period as a multiple of another's; `nan` if neither had an event."""
    if base_count == 0 or math.isinf(base_count):
        return math.nan if count == base_count else math.inf if base_count == 0 else 0.0
    return rate(count, days) / rate(base_count, base_days)


def rate_ratio_limit(count: float, days: float, base_count: float, base_days: float, probability: float) -> float:
    """Exact limit of `rate_ratio`: `probability` 0.025 and 0.975 give the ends of a 95% confidence interval.

    Given the sum of two Poisson counts the first is binomial; its Clopper-Pearson limit is turned into a ratio.

    Reference: Przyborowski and Wilenski, Homogeneity of results in testing samples from Poisson series,
    Biometrika 31 (1940) 313-323.
    """
    _refuse_certainty(probability)
    if math.isinf(count) or math.isinf(base_count):
        return math.nan if count == base_count else math.inf if math.isinf(count) else 0.0
    count, base_count = round(count), round(base_count)
    if probability < 0.5:
        share = distributions.beta_quantile(count, base_count + 1, probability) if count else 0.0
    else:
        share = distributions.beta_quantile(count + 1, base_count, probability) if base_count else 1.0
    return share / (1 - share) * base_days / days if share < 1 else math.inf


def rate_difference_p(count: float, days: float, base_count: float, base_days: float) -> float:
    """Two-sided exact p-value for equal rates: all outcomes at most as likely as the observed one.

    It is 1 where the two rates agree. Reference as in `rate_ratio_limit`.
    """
    if math.isinf(count) or math.isinf(base_count):
        return math.nan if count == base_count else 0.0
    count, trials, share = round(count), round(count) + round(base_count), days / (days + base_days)
    if count > trials * share:  # look at the other count, so that the observed one lies in the lower tail
        count, share = trials - count, 1 - share
    observed = distributions.binomial_chance(count, trials, share) * (1 + 1e-7)  # allows for rounding
    low, high = math.floor((trials + 1) * share), trials + 1  # from the most likely count on, chances only fall
    while high > low:
        middle = (low + high) // 2
        as_unlikely = middle > trials or distributions.binomial_chance(middle, trials, share) <= observed
        low, high = (low, middle) if as_unlikely else (middle + 1, high)
    upper = distributions.binomial_at_least(high, trials, share)
    return min(1.0, distributions.binomial_at_most(count, trials, share) + upper)


def dispersion_index(*counts_and_days: float) -> float:
    """How much more counts scatter than independent events would: 1 if they don't.

    `counts_and_days` are count, days, count, days, … of consecutive periods. Pearson's chi-squared against the common
    rate, divided by its degrees of freedom.

    Reference: McCullagh and Nelder, Generalized Linear Models (1989), section 4.5.2.
    """
    counts, days = counts_and_days[::2], counts_and_days[1::2]
    if math.inf in counts:
        return math.inf
    expected = [math.fsum(counts) * each / math.fsum(days) for each in days]
    if not any(expected):
        return math.nan
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
