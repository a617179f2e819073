"""The statistics against scipy, against published values, and at their limits."""

import itertools
import math
from datetime import date

import numpy as np
import pytest
import scipy  # which imports scipy.stats when it is used
from hypothesis import given
from hypothesis import strategies as st

from toll.ledger import distributions, estimate

DEATHS, ELAPSED, YEAR, BASELINE = 102, 219, 365, 166
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
counts = st.integers(0, 400)
splits = st.tuples(st.integers(20, 364), st.just(365))


def test_projection_gives_the_values_computed_independently():
    assert estimate.even_pace(DEATHS, ELAPSED, YEAR) == 170.0
    assert [estimate.projected_total(DEATHS, ELAPSED, YEAR, p) for p in LEVELS] == [151, 157, 170, 184, 192]
    assert estimate.probability_above(BASELINE, DEATHS, ELAPSED, YEAR) == pytest.approx(0.628, abs=5e-4)


def test_clustered_deaths_widen_the_projection():
    clustered = [estimate.projected_total(DEATHS, ELAPSED, YEAR, p, 2) for p in LEVELS]
    assert clustered == [143, 152, 170, 190, 202]
    assert estimate.probability_above(BASELINE, DEATHS, ELAPSED, YEAR, 2) == pytest.approx(0.59, abs=5e-3)


@given(counts, splits, st.sampled_from(LEVELS))
def test_projected_total_is_the_negative_binomial_quantile(count, split, probability):
    elapsed, whole = split
    law = scipy.stats.nbinom(count + 0.5, elapsed / whole)
    got = estimate.projected_total(count, elapsed, whole, probability) - count
    assert law.cdf(got) >= probability - 1e-9
    assert got == 0 or law.cdf(got - 1) < probability + 1e-9


@given(counts, splits, st.integers(-10, 300))
def test_probability_above_is_the_negative_binomial_tail(count, split, excess):
    elapsed, whole = split
    expected = scipy.stats.nbinom(count + 0.5, elapsed / whole).sf(excess) if excess >= 0 else 1.0
    assert estimate.probability_above(count + excess, count, elapsed, whole) == pytest.approx(expected, abs=1e-9)


@given(st.integers(60, 400), st.integers(150, 364), st.sampled_from((0.025, 0.1, 0.9, 0.975)))
def test_the_drawn_edge_lies_within_one_death_of_the_printed_limit(count, elapsed, probability):
    edge = estimate.projection_edge(count, elapsed, 365, probability)
    assert abs(edge - estimate.projected_total(count, elapsed, 365, probability)) < 1.01


@given(st.integers(1, 300), splits, st.sampled_from(LEVELS), st.sampled_from((1, 2, 5, 20)))
def test_no_total_lies_below_what_has_happened(count, split, probability, dispersion):
    elapsed, whole = split
    assert estimate.projection_edge(count, elapsed, whole, probability, dispersion) >= count
    assert estimate.projected_total(count, elapsed, whole, probability, dispersion) >= count


@pytest.mark.parametrize("dispersion", [1.5, 2, 3, 5])
def test_dispersed_limits_are_those_of_the_scaled_normal_score_interval(dispersion):
    """Solves the score equation (Y - X m/n)^2 = z^2 phi (X + Y)(m/n)... numerically, not in closed form."""
    remaining = YEAR - ELAPSED
    for probability in (0.025, 0.1, 0.9, 0.975):
        z = scipy.stats.norm.ppf(probability) * math.sqrt(dispersion)
        to_come = estimate.projection_edge(DEATHS, ELAPSED, YEAR, probability, dispersion) - DEATHS
        rate = (DEATHS + to_come) / YEAR
        residual = (to_come - DEATHS * remaining / ELAPSED) / math.sqrt(rate * remaining * YEAR / ELAPSED)
        assert residual == pytest.approx(z, rel=1e-9)


@pytest.mark.parametrize("count", [10**5, 10**7])
def test_large_counts_are_exact_and_do_not_take_long(count):
    law = scipy.stats.nbinom(count + 0.5, ELAPSED / YEAR)
    for probability in LEVELS:
        assert estimate.projected_total(count, ELAPSED, YEAR, probability) == count + law.ppf(probability)
    assert estimate.probability_above(count * 1.667, count, ELAPSED, YEAR) == pytest.approx(
        law.sf(int(count * 0.667)), rel=1e-6
    )
    exact = scipy.stats.binomtest(count, 3 * count, ELAPSED / YEAR).pvalue if count < 10**6 else 0.0
    assert estimate.rate_difference_p(count, ELAPSED, 2 * count, YEAR - ELAPSED) == pytest.approx(exact, abs=1e-9)


def test_small_chances_are_not_rounded_to_nothing():
    expected = scipy.stats.nbinom(102.5, ELAPSED / YEAR).sf(298)
    assert estimate.probability_above(400, DEATHS, ELAPSED, YEAR) == pytest.approx(expected, rel=1e-9)
    assert 0 < expected < 1e-40


@pytest.mark.parametrize("level", [0, 1, -0.5, 2])
def test_a_level_at_which_quantiles_do_not_end_is_refused(level):
    for function, arguments in (
        (estimate.projected_total, (DEATHS, ELAPSED, YEAR)),
        (estimate.projection_edge, (DEATHS, ELAPSED, YEAR)),
        (estimate.rate_ratio_limit, (DEATHS, ELAPSED, BASELINE, YEAR)),
    ):
        with pytest.raises(ValueError, match="a probability between 0 and 1"):
            function(*arguments, level)


@given(st.floats(0.001, 0.999), st.sampled_from((1, 2, 5, 30)))
def test_students_quantiles_are_scipys(probability, degrees):
    assert distributions.student_quantile(probability, degrees) == pytest.approx(
        scipy.stats.t(degrees).ppf(probability), rel=1e-8, abs=1e-8
    )


@given(st.floats(0.5, 500), st.floats(0.5, 500), st.floats(0, 1))
def test_shares_of_the_beta_distribution_are_scipys(a, b, x):
    assert distributions.beta_share(a, b, x) == pytest.approx(scipy.stats.beta(a, b).cdf(x), rel=1e-7, abs=1e-12)


def test_a_dispersion_from_six_months_widens_the_range():
    """Student's t with five degrees of freedom in place of z, of the months of 2014 that were over by June."""
    dispersion = estimate.dispersion_index(25, 31, 19, 28, 4, 31, 7, 30, 9, 31, 19, 30)
    assert dispersion == pytest.approx(5.1, abs=0.05)
    assert [estimate.projected_total(DEATHS, ELAPSED, YEAR, p, dispersion) for p in (0.025, 0.975)] == [129, 224]
    assert [estimate.projected_total(DEATHS, ELAPSED, YEAR, p, dispersion, 5) for p in (0.025, 0.975)] == [119, 244]


def test_the_range_with_an_estimated_dispersion_holds_as_often_as_it_says():
    """Simulation: months whose variance is four times their mean, the dispersion estimated from the first seven."""
    random = np.random.default_rng(2014)
    clusters = random.poisson(24 / 4, (2000, 12))  # events come in fours, as it were: variance = 4 x mean
    months = 4 * clusters
    held = {math.inf: 0, 6: 0}
    for year in months:
        count = float(year[:7].sum())
        dispersion = estimate.dispersion_index(*(each for month in year[:7] for each in (float(month), 30.0)))
        for degrees in held:
            low, high = (estimate.projected_total(count, 210, 360, p, dispersion, degrees) for p in (0.025, 0.975))
            held[degrees] += low <= year.sum() <= high
    assert held[6] / 2000 == pytest.approx(0.95, abs=0.02)
    assert held[math.inf] / 2000 < 0.92


@given(counts, splits, st.sampled_from(LEVELS), st.sampled_from((0.3, 1.01, 1.5, 3)))
def test_more_dispersion_never_narrows_a_range(count, split, probability, dispersion):
    independent = estimate.projected_total(count, *split, probability)
    dispersed = estimate.projected_total(count, *split, probability, dispersion)
    assert dispersed <= independent if probability <= 0.5 else dispersed >= independent


def test_the_year_that_is_over_is_certain():
    assert estimate.projected_total(166, 365, 365, 0.975) == 166
    assert estimate.probability_above(165, 166, 365, 365) == 1.0
    assert estimate.probability_above(166, 166, 365, 365) == 0.0


def test_an_open_ended_count_stays_open_ended():
    assert estimate.projected_total(math.inf, ELAPSED, YEAR, 0.5) == math.inf
    assert estimate.projection_edge(math.inf, ELAPSED, YEAR, 0.5) == math.inf
    assert estimate.rate(math.inf, 181) == math.inf
    assert estimate.probability_above(166, math.inf, ELAPSED, YEAR) == 1.0
    assert estimate.probability_above(math.inf, 102, ELAPSED, YEAR) == 0.0
    assert estimate.rate_difference_p(math.inf, ELAPSED, 166, YEAR) == 0.0
    assert estimate.rate_ratio_limit(math.inf, ELAPSED, 166, YEAR, 0.025) == math.inf
    assert estimate.dispersion_index(math.inf, 31, 10, 28) == math.inf
    for function in (estimate.rate_ratio, estimate.rate_difference_p):
        assert math.isnan(function(math.inf, ELAPSED, math.inf, YEAR))


@given(st.sampled_from((0, 1, 5, 166, 400)), splits, st.sampled_from((1, 1.5, 3, 20)), st.sampled_from((5, math.inf)))
def test_a_chance_never_falls_as_the_first_events_are_counted(threshold, split, dispersion, degrees):
    none, one = (estimate.probability_above(threshold, count, *split, dispersion, degrees) for count in (0, 1))
    assert none <= one + 1e-12


def test_nothing_happened():
    assert estimate.projected_total(0, ELAPSED, YEAR, 0.5) == 0
    assert estimate.projected_total(0, ELAPSED, YEAR, 0.975, 3) >= 0
    assert estimate.probability_above(0, 0, ELAPSED, YEAR, 3) == pytest.approx(0.23, abs=0.05)
    assert estimate.rate_ratio(5, ELAPSED, 0, YEAR) == math.inf
    assert math.isnan(estimate.rate_ratio(0, ELAPSED, 0, YEAR))
    assert estimate.rate_difference_p(0, ELAPSED, 0, YEAR) == 1.0
    assert (estimate.rate_ratio_limit(0, 9, 5, 9, 0.025), estimate.rate_ratio_limit(5, 9, 0, 9, 0.975)) == (0, math.inf)


def test_rate_comparison_of_the_two_years():
    arguments = (DEATHS, ELAPSED, BASELINE, YEAR)
    assert estimate.rate_ratio(*arguments) == pytest.approx(1.024, abs=5e-4)
    assert estimate.rate_difference_p(*arguments) == pytest.approx(0.85, abs=5e-3)
    assert estimate.even_pace(BASELINE, YEAR, ELAPSED) == pytest.approx(99.6, abs=0.05)


@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 365), st.integers(1, 365))
def test_rate_comparison_is_the_exact_binomial_test(count, base_count, days, base_days):
    if count + base_count == 0:
        return
    exact = scipy.stats.binomtest(count, count + base_count, days / (days + base_days))
    got = estimate.rate_difference_p(count, days, base_count, base_days)
    assert got == pytest.approx(exact.pvalue, abs=1e-6)
    interval = exact.proportion_ci(0.95, "exact")
    for share, probability in zip(interval, (0.025, 0.975), strict=True):
        expected = share / (1 - share) * base_days / days if share < 1 else math.inf
        limit = estimate.rate_ratio_limit(count, days, base_count, base_days, probability)
        assert limit == pytest.approx(expected, rel=1e-6)


def test_rates_and_dates():
    assert estimate.rate(201, 181) == pytest.approx(1.11, abs=5e-3)
    assert estimate.days_after(date(2014, 6, 28), 9) == date(2014, 7, 7)


@given(st.integers(1, 300), splits, st.sampled_from(LEVELS), st.sampled_from((1, 2, 4)))
def test_projection_is_monotone_in_the_count_and_the_probability(count, split, probability, dispersion):
    elapsed, whole = split
    totals = [
        estimate.projected_total(n, elapsed, whole, probability, dispersion) for n in (count, count + 5, count + 40)
    ]
    assert all(a <= b for a, b in itertools.pairwise(totals))
    quantiles = [estimate.projected_total(count, elapsed, whole, p, dispersion) for p in LEVELS]
    assert all(a <= b for a, b in itertools.pairwise(quantiles))
