"""`compile` changes rounding alone, goes on from a checkpoint, and says what it needs."""

from __future__ import annotations

import pytest
import torch
from tasks import config, task

from search_spaces.errors import UnavailableError
from trainables import TrialConfig
from trainables.setup import prepare
from trainables.training import Training

RECIPE = {"optimiser": "sgd", "lr": 0.05, "augment": "flip_crop", "ema": 0.9, "epochs": 3}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_compiled_net_learns_the_same() -> None:
    plain, compiled = (Training(task(config(**RECIPE, compile=on))) for on in (False, True))
    for _ in range(2):
        expected, found = plain.run_epoch(), compiled.run_epoch()
        assert found.metrics == pytest.approx(expected.metrics, abs=1e-4)
    state = found.state()
    mine, theirs = compiled.kept.state_dict(), plain.kept.state_dict()
    assert mine.keys() == theirs.keys()  # no `_orig_mod.` gets into a checkpoint
    for name, value in theirs.items():
        torch.testing.assert_close(mine[name], value, atol=1e-4, rtol=1e-4)
    again = Training(task(config(**RECIPE, compile=True)), state)
    compiled.run_epoch(), again.run_epoch()
    for name, value in compiled.kept.state_dict().items():
        assert torch.equal(again.kept.state_dict()[name], value), name


def test_without_a_compiler_it_is_told_before_anything_is_trained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    settings = TrialConfig(data="digits", backbone="mini_vgg", tune="all", compile=True)
    with pytest.raises(UnavailableError, match="C\\+\\+ compiler no-such-compiler: not found"):
        prepare(settings)
