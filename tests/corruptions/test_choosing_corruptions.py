"""Which corruptions a text stands for."""

from __future__ import annotations

import pytest

from search_spaces.errors import UnknownNameError, UsageError
from trainables.config import TrialConfig
from trainables.corruptions import CORRUPTIONS
from trainables.corruptions.choosing import chosen_corruptions, corruptions_as_typed
from trainables.recipe_check import check_recipe

NOISE = ("gaussian_noise", "shot_noise", "impulse_noise")
TABLE = [
    ("none", (), "none"),
    ("all", CORRUPTIONS.names(), "all"),
    ("fog", ("fog",), "fog"),
    ("noise", NOISE, "gaussian_noise,shot_noise,impulse_noise"),
    # In the registry's order, each once.
    (" fog, noise,shot_noise ", (*NOISE, "fog"), "gaussian_noise,shot_noise,impulse_noise,fog"),
    ("noise,blur,weather,digital", CORRUPTIONS.names(), "all"),
]


@pytest.mark.parametrize(("text", "names", "typed"), TABLE)
def test_names_and_families(text: str, names: tuple[str, ...], typed: str) -> None:
    assert chosen_corruptions(text) == names
    assert corruptions_as_typed(text) == typed == corruptions_as_typed(typed)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("fgo", UnknownNameError, "Did you mean 'fog'"),
        ("noise,frost", UnknownNameError, "There is no corruption 'frost'"),
        ("", UsageError, "names and families"),
        (",", UsageError, "names and families"),
        ("all,fog", UsageError, "names and families"),
        ("none,fog", UsageError, "Families: noise, blur, weather, digital"),
    ],
)
def test_wrong_texts(text: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        chosen_corruptions(text)
    with pytest.raises(error):
        check_recipe(TrialConfig(corruptions=text))


def test_the_field_leaves_the_digest_of_a_config_without_it_as_it_was() -> None:
    plain = TrialConfig(data="digits", lr=0.1)
    assert plain.digest == plain.replace(corruptions="none").digest
    assert plain.digest != plain.replace(corruptions="fog").digest
    assert plain.later_defaults()["corruptions"] == "none"
