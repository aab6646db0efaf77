"""The loop, against the same arithmetic written out, and what it may cost."""

from __future__ import annotations

import math

import pytest
import torch
from host_waits import HostWaits
from tasks import config, task
from torch.nn import functional

from trainables.training import Training, fit
from trainables.training.averaging import Average
from trainables.training.optimisers import parameter_groups
from trainables.training.order import shuffled_batches

EVERYTHING = {
    "augment": "flip_crop_cutout", "mixup": 0.2, "label_smoothing": 0.1, "clip_norm": 1.0,
    "ema": 0.9, "optimiser": "sgd", "schedule": "onecycle", "cycle_momentum": True,
}  # fmt: skip


def states_equal(one, other) -> bool:
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[k], theirs[k]) for k in mine)


def test_a_step_of_sgd_is_what_torch_does_by_hand():
    settings = config(
        optimiser="sgd", lr=0.1, momentum=0.9, weight_decay=0.01, schedule="constant",
        batch_size=48, epochs=1, body_lr=0.05,
    )  # fmt: skip
    ours, plain = task(settings, norm=False), task(settings, norm=False)
    training = Training(type(ours)(**{**vars(ours), "body_lr": 0.5}))
    training.run_epoch()
    images = plain.inputs_N[:48]  # one batch: its order changes rounding alone
    functional.cross_entropy(plain.model(images), plain.labels_N[:48]).backward()
    with torch.no_grad():
        for name, parameter in plain.model.named_parameters():
            lr = 0.05 if name.startswith("body") else 0.1
            gradient = parameter.grad + (0.01 if parameter.ndim > 1 else 0.0) * parameter
            parameter -= lr * (gradient + 0.9 * gradient)  # Nesterov, first step
    for got, expected in zip(ours.model.parameters(), plain.model.parameters(), strict=True):
        assert torch.allclose(got, expected, atol=1e-6)


@pytest.mark.parametrize("parts", [2, 3, 24])
def test_accumulation_changes_rounding_alone(parts: int):
    whole, apart = (
        Training(task(config(accumulation=n, schedule="constant"), norm=False)) for n in (1, parts)
    )
    one, other = whole.run_epoch(), apart.run_epoch()
    assert other.metrics == pytest.approx(one.metrics, abs=1e-5)
    for mine, theirs in zip(
        whole.task.model.parameters(), apart.task.model.parameters(), strict=True
    ):
        assert torch.allclose(mine, theirs, atol=1e-4)


@pytest.mark.parametrize("changes", [{}, EVERYTHING, {"optimiser": "adam", "ema": 0.5}])
@pytest.mark.parametrize("epoch", [1, 3])
def test_interrupted_it_ends_the_same_bit_for_bit(changes, epoch: int):
    whole = Training(task(config(**changes), dropout=0.3))
    for _ in range(4):
        last = whole.run_epoch()
    first = Training(task(config(**changes), dropout=0.3))
    for _ in range(epoch):
        state = first.run_epoch().state()
    torch.rand(3)  # the global generator has moved on meanwhile
    again = Training(task(config(**changes), seed=0, dropout=0.3), state)
    while again.epoch < 4:
        end = again.run_epoch()
    assert states_equal(again.kept, whole.kept)
    assert states_equal(again.task.model, whole.task.model)
    assert end.metrics == last.metrics


def test_another_seed_is_another_training():
    one, other = Training(task(config(seed=0))), Training(task(config(seed=1)))
    one.run_epoch(), other.run_epoch()
    assert not states_equal(one.task.model, other.task.model)


def test_torchs_own_generator_is_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    Training(task(config(**EVERYTHING), dropout=0.3)).run_epoch()
    assert torch.equal(torch.rand(4), expected)


@pytest.mark.parametrize("changes", [{}, EVERYTHING, {"optimiser": "adam", "accumulation": 2}])
def test_an_epoch_waits_for_the_device_once_and_copies_no_image(changes):
    training = Training(task(config(**changes), dropout=0.3))
    training.run_epoch()
    with HostWaits() as waits:
        training.run_epoch()
    assert waits.counts == {"tolist": 1}
    assert waits.copied_bytes == 0


def test_waits_are_counted():
    values = torch.tensor([1.0, 2.0])
    with HostWaits() as waits:
        values.sum().item()
        bool(values[0] > 0)
        values[values > 1]
        values.nonzero()
    assert waits.total == 4


def test_it_learns_what_there_is_to_learn():
    epochs = list(fit(Training(task(config(lr=0.02, epochs=15)))))
    assert epochs[-1].metrics["val_acc"] > 0.95 > epochs[0].metrics["val_acc"]
    assert [each.epoch for each in epochs] == list(range(1, 16))


def test_a_loss_that_is_not_finite_names_its_step():
    wild = task(config(optimiser="sgd", lr=10.0, schedule="constant"))
    with torch.no_grad():
        wild.model.head.weight.mul_(1e38)
    assert next(fit(Training(wild))).bad_step == 0


def test_weights_that_a_last_step_spoils_are_told_at_once():
    """One step an epoch, each multiplying the weights by -99, until they leave float32's range."""
    settings = config(
        optimiser="sgd", momentum=0, lr=10.0, weight_decay=10.0, schedule="constant",
        batch_size=48, epochs=60,
    )  # fmt: skip
    for epoch in fit(Training(task(settings, norm=False))):
        assert epoch.bad_step >= 0 or math.isfinite(epoch.metrics["val_loss"])
        if epoch.bad_step >= 0:
            break
    assert epoch.bad_step == epoch.epoch - 1 < 59


def test_norms_and_biases_are_decayed_only_if_asked():
    this = task(config(weight_decay=0.3))
    for asked, expected in ((False, {4: 0.3, 2: 0.3, 1: 0.0}), (True, {4: 0.3, 2: 0.3, 1: 0.3})):
        groups = parameter_groups(
            config(weight_decay=0.3, decay_norms=asked), this.model, this.body, 0.1
        )
        found = {p.ndim: group["weight_decay"] for group in groups for p in group["params"]}
        assert found == expected
        peaks = sorted({group["peak"] for group in groups})
        assert peaks == pytest.approx([1e-4, 1e-3])


def test_the_average_by_its_formula():
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    average = Average(model, 0.5)
    expected = 0.0
    for step, value in enumerate([1.0, 4.0, 2.0, 8.0]):
        model.weight.data.fill_(value)
        average.update(model)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
    assert float(average.model.weight) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("examples", "batch", "sizes"), [(100, 64, [50, 50]), (10, 4, [4, 3, 3])])
def test_batches_are_even_and_hold_each_example_once(examples, batch, sizes):
    rows_N = torch.arange(examples) + 7
    batches = shuffled_batches(rows_N, batch, torch.Generator().manual_seed(0))
    assert [len(rows_B) for rows_B in batches] == sizes
    assert sorted(torch.cat(batches).tolist()) == rows_N.tolist()
    assert math.ceil(examples / batch) == len(batches)
