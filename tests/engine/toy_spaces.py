"""Search spaces for tests of the engine."""

from __future__ import annotations

from search_spaces.space import Params, Space, SpaceContext, TrialLike

CHOICES = (8, 16, 32, 64, 128, 256, 1, 2)


def _dropout(trial: TrialLike, context: SpaceContext) -> Params:
    del context
    return {"dropout": trial.suggest_float("dropout", 0.0, 0.9)}


def _batch(trial: TrialLike, context: SpaceContext) -> Params:
    del context
    return {"batch_size": trial.suggest_categorical("batch_size", CHOICES)}


def _pair(trial: TrialLike, context: SpaceContext) -> Params:
    del context
    return {"batch_size": trial.suggest_categorical("batch_size", (1, 2))}


def _nothing(context: SpaceContext) -> list[dict[str, object]]:
    del context
    return []


PARABOLA = Space("toy", "Where is the top of a parabola?", _dropout, _nothing)
BATCHES = Space("batches", "What goes wrong?", _batch, _nothing)
PAIR = Space("pair", "Which of two?", _pair, _nothing)
