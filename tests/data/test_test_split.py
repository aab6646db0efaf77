"""The one door to the test split, and its ledger."""

from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import pytest

from search_spaces.errors import UnavailableError, UsageError
from trainables.data import ImageData, load, open_test, read_ledger, test_openings


def test_every_opening_is_counted_and_says_what_for():
    data = load("digits")
    assert (test_openings(data), read_ledger(data)) == (0, ())
    images, labels = open_test(data, purpose="reference table")
    open_test(data, purpose=" promotion\nof x ")
    assert (images.shape, labels.shape) == ((359, 32, 32, 3), (359,))
    assert test_openings(data) == 2
    first, second = read_ledger(data)
    assert (first.purpose, second.purpose) == ("reference table", "promotion\nof x")
    assert 1.7e9 < first.time <= second.time


def test_the_ledger_outlives_the_stored_data(clean_home):
    data = load("digits")
    open_test(data, purpose="one")
    shutil.rmtree(clean_home / "data")
    assert test_openings(load("digits")) == 1


def test_processes_that_open_at_once_are_all_counted(run_python):
    data = load("digits")
    code = """
from trainables.data import load, open_test
data = load("digits")
for number in range(50):
    open_test(data, purpose=f"number {number} " + 300 * "x")
"""
    for process in [run_python(code) for _ in range(3)]:
        assert process.wait(timeout=60) == 0
    assert test_openings(data) == 150
    assert {opening.purpose[:6] for opening in read_ledger(data)} == {"number"}


def test_a_line_that_cannot_be_read_counts_too(clean_home):
    data = load("digits")
    open_test(data, purpose="one")
    with (clean_home / "test_openings" / f"{data.digest}.jsonl").open("a") as ledger:
        ledger.write("{half a li")
    assert test_openings(data) == 2


def test_an_opening_that_measures_nothing_is_written_down_and_not_counted(clean_home):
    data = load("digits")
    open_test(data, purpose="a look at duplicates", evaluation=False)
    assert (test_openings(data), len(read_ledger(data))) == (0, 1)
    with (clean_home / "test_openings" / f"{data.digest}.jsonl").open("a") as ledger:
        ledger.write('{"time": 1.8e9, "purpose": "of a version that knew evaluations only"}\n')
    assert test_openings(data) == 1


@pytest.mark.parametrize("purpose", ["", " \n"])
def test_without_a_purpose_it_stays_shut(purpose):
    data = load("digits")
    with pytest.raises(UsageError, match="purpose"):
        open_test(data, purpose=purpose)
    assert test_openings(data) == 0


def test_what_cannot_be_written_down_is_not_opened(clean_home):
    data = load("digits")
    (clean_home / "test_openings").write_text("a file in the way")
    with pytest.raises(UnavailableError, match="ORCHESTRATOR_HOME"):
        open_test(data, purpose="one")


def test_data_in_memory_has_no_test_split():
    images_NHWC, labels_N = np.zeros((4, 8, 8, 3), np.uint8), np.array([0, 1, 0, 1])
    data = ImageData("mine", ("a", "b"), images_NHWC, labels_N, 0, "0" * 16)
    with pytest.raises(UsageError, match="no test split"):
        open_test(data, purpose="one")


def test_another_digest_does_not_open_it():
    data = dataclasses.replace(load("digits"), digest="0" * 16)
    with pytest.raises(UnavailableError, match="digits"):
        open_test(data, purpose="one")
