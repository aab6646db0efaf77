"""`margin:start=750,batch=50`, as people type it."""

from __future__ import annotations

import numpy as np
import pytest
from subset_parts import blobs, chosen

from search_spaces.errors import UnknownNameError, UsageError
from trainables.subsets import SUBSETS, parse_subset


@pytest.mark.parametrize(
    ("text", "options", "again"),
    [
        ("margin", {"start": 0.75, "batch": 0.05, "pool": 0}, "margin"),
        (" margin : start=750 , batch=50", {"start": 750, "batch": 50, "pool": 0}, None),
        ("margin:batch=0.05", {"start": 0.75, "batch": 0.05, "pool": 0}, "margin"),
        ("random", {}, "random"),
        ("tomek_links:remove=majority", {"remove": "majority", "pool": 0}, None),
        ("coreset:pool=1e4", {"start": 1, "pool": 10_000}, "coreset:pool=10000"),
    ],
)
def test_options_are_read_and_written(text, options, again):
    spec = parse_subset(text)
    assert spec.options == options
    assert str(spec) == (again or text.replace(" ", ""))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("marign", "no subset strategy 'marign'.*Did you mean 'margin'"),
        ("margin:stat=3", "no option of the subset strategy margin 'stat'.*'start'"),
        ("margin:start", "written NAME=VALUE.*start=0.75, batch=0.05, pool=0"),
        ("margin:start=1,start=2", "start must be given once"),
        ("margin:start=-1", "number from 0 up.*nearest valid value is 0"),
        ("margin:start=nan", "number from 0 up.*0.75 by default"),
        ("margin:start=inf", "number from 0 up.*0.75 by default"),
        ("margin:start=many", "number from 0 up.*0.75 by default"),
        ("tomek_links:remove=auto", "there are: all, majority, not_minority.*all by default"),
        ("tomek:neighbours=0", "number from 1 up.*nearest valid value is 1"),
        ("typiclust:clusters=2.5", "clusters must be a whole number.*nearest valid value is 2"),
        ("random:pool=3", "option of the subset strategy random"),
    ],
)
def test_what_is_wrong_is_told(text, said):
    with pytest.raises(UsageError, match=f"(?s){said}"):
        parse_subset(text)


def test_an_unknown_name_lists_all():
    with pytest.raises(UnknownNameError) as error:
        parse_subset("nothing")
    assert all(name in str(error.value) for name in SUBSETS.names())


@pytest.mark.parametrize(
    ("budget", "text", "rounds"),
    [
        (100, "margin", [75, 80, 85, 90, 95, 100]),  # A's 750 and 50 of 1,000, in proportion
        (10, "margin", [8, 9, 10]),  # a round of half an image is one of one
        (20, "margin:start=12,batch=5", [12, 17, 20]),
        (20, "margin:start=750,batch=50", [20]),  # more than there is to buy
        (20, "margin:start=0,batch=10", [1, 11, 20]),  # a head needs one image at least
    ],
)
def test_rounds_follow_the_budget(budget, text, rounds):
    from trainables.subsets import choose

    features_NF, labels_N = blobs(150)
    told: list[int] = []
    spec = parse_subset(text)
    choose(spec, features_NF, labels_N, budget=budget, classes=3, seed=0, tell=told.append)
    assert told == rounds


def test_the_start_of_active_rounds_is_the_random_choice():
    features_NF, labels_N = blobs(150)
    random = chosen("random", features_NF, labels_N, 75).indices_B
    active = chosen("margin", features_NF, labels_N, 100).indices_B
    assert np.array_equal(active[:75], random)


def test_each_strategy_says_what_it_is():
    for name in SUBSETS:
        strategy = SUBSETS.get(name)
        assert strategy.name == name and strategy.sentence
        assert len({option.name for option in strategy.options}) == len(strategy.options)
        assert ("pool" in {option.name for option in strategy.options}) == strategy.features
