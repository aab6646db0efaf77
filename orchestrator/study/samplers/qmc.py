"""Quasi-random search: Sobol's sequence, which covers a space more evenly than chance does."""

from __future__ import annotations

import warnings
from typing import Any

from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, QMCSampler, RandomSampler

from orchestrator.study.samplers.needs import SamplerKind, SamplerNeeds


class NumberedQMCSampler(QMCSampler):
    """Draws point `number` of the sequence.

    Optuna counts the points in an attribute of the study, which two drivers can read at once (its
    own note says so), and which a draw that was cut short by a kill has raised already.
    """

    def __init__(self, number: int, **options: Any) -> None:
        self.number = number
        super().__init__(**options)

    def _find_sample_id(self, study: Any, search_space: Any) -> int:
        del study, search_space
        return self.number


def make(needs: SamplerNeeds) -> BaseSampler:
    """Point number `draw` of one scrambled sequence.

    While the study holds no finished trial, nothing tells which parameters there are: then they
    are drawn one by one at random.
    """
    with warnings.catch_warnings():  # experimental since Optuna 3.0
        warnings.simplefilter("ignore", ExperimentalWarning)
        return NumberedQMCSampler(
            needs.draw,
            scramble=True,
            seed=needs.steady_seed,
            independent_sampler=RandomSampler(seed=needs.draw_seed),
            warn_independent_sampling=False,
        )


QMC = SamplerKind(
    name="qmc",
    sentence="covers the space evenly by Sobol's sequence; best with a power of two of trials",
    make=make,
    instead="random",
)
