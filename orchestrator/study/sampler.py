"""The sampler of a study."""

from __future__ import annotations

import hashlib

import optuna


def make_sampler(seed: int, trials_so_far: int) -> optuna.samplers.BaseSampler:
    """TPE, seeded so that a resumed search does not draw the same points again.

    The same seed after a reload would replay the samples of the first session (shared/facts.md,
    seen with Optuna 5.0), so the number of trials there are goes into the seed.
    """
    text = f"{seed}/{trials_so_far}".encode()
    mixed = int.from_bytes(hashlib.sha256(text).digest()[:4], "big")
    return optuna.samplers.TPESampler(seed=mixed)
