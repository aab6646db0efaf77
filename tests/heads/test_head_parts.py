"""The pieces of the batched training, each against a library or a table."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from search_spaces.errors import InfeasibleTrial
from trainables.heads import HeadSpec
from trainables.heads.adamw import EPS, StackedAdamW
from trainables.heads.batches import Batches
from trainables.heads.dropout import Dropper
from trainables.heads.memory import check_memory
from trainables.heads.scaling import Scaling
from trainables.heads.schedule import HEAD_SCHEDULE

NONE = np.empty(0, dtype=np.int64)


def test_stacked_adamw_is_torch_adamw_for_each_head() -> None:
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(2, 5, 3, generator=generator)
    gradients = torch.randn(12, 2, 5, 3, generator=generator)
    settings = [(0.1, 0.5), (0.003, 0.0)]  # lr, weight decay
    stacked = start.clone()
    ours = StackedAdamW([stacked], torch.tensor([w for _, w in settings]).double(), [True])
    for gradient in gradients:
        lr_H = torch.tensor([lr for lr, _ in settings]).double()
        ours.step([gradient], lr_H, torch.tensor([True, True]))
    for head, (lr, decay) in enumerate(settings):
        alone = start[head].clone().requires_grad_(True)
        theirs = torch.optim.AdamW([alone], lr=lr, weight_decay=decay, eps=EPS)
        for gradient in gradients:
            alone.grad = gradient[head].clone()
            theirs.step()
        assert torch.allclose(stacked[head], alone, atol=1e-6)


def test_a_head_that_rests_keeps_parameters_and_step_count() -> None:
    parameter, gradient = torch.ones(2, 3), torch.ones(2, 3)
    ours = StackedAdamW([parameter], torch.full((2,), 0.1).double(), [True])
    both, first = torch.tensor([True, True]), torch.tensor([True, False])
    lr_H = torch.full((2,), 0.1).double()
    ours.step([gradient], lr_H, first)
    assert torch.equal(parameter[1], torch.ones(3))
    after_one = parameter[0].clone()
    ours.step([gradient], lr_H, both)
    assert torch.equal(parameter[1], after_one)  # its own first step, one later


@pytest.mark.parametrize(
    ("step", "factor"), [(0, 0.5), (1, 1.0), (2, 1.0), (11, 0.5), (19, 0.00760)]
)
def test_learning_rate_of_twenty_steps(step: int, factor: float) -> None:
    # Two steps of warm-up, then (1 + cos(pi * k / 18)) / 2 for k = 0..17.
    assert HEAD_SCHEDULE(step, 20, 1) == pytest.approx(factor, abs=5e-6)


def test_a_single_step_has_a_learning_rate() -> None:
    assert HEAD_SCHEDULE(0, 1, 1) == 1.0


def test_scaling_goes_half_of_the_way_that_scikit_learn_goes() -> None:
    rng = np.random.default_rng(0)
    x_NF = (rng.normal(size=(60, 5)) * [1, 10, 0.01, 3, 0] + [0, 100, 5, -4, 7]).astype(np.float32)
    rows = [torch.arange(40), torch.arange(10, 60)]
    scaling = Scaling.of(torch.from_numpy(x_NF), rows)
    for head, own in enumerate(rows):
        got = scaling.apply(torch.from_numpy(x_NF), head).numpy()
        full = StandardScaler().fit(x_NF[own])
        std_F = full.scale_[:4]  # of the features that vary
        expected = full.transform(x_NF)[:, :4] * np.sqrt(std_F / std_F.mean())
        assert np.allclose(got[:, :4], expected, atol=1e-4)
        assert (got[:, 4] == 0).all()
        assert np.square(got[own, :4]).mean() == pytest.approx(1, abs=1e-4)


def test_folded_weights_give_on_raw_features_what_they_gave_on_scaled_ones() -> None:
    generator = torch.Generator().manual_seed(0)
    x_NF = torch.randn(50, 6, generator=generator) * 20 + 100
    weight_HKF = torch.randn(3, 4, 6, generator=generator)
    bias_HK = torch.randn(3, 4, generator=generator)
    scaling = Scaling.of(x_NF, [torch.arange(10 * h, 10 * h + 20) for h in range(3)])
    folded_HKF, folded_HK = scaling.fold(weight_HKF, bias_HK)
    for head in range(3):
        unfolded_NK = scaling.apply(x_NF, head) @ weight_HKF[head].T + bias_HK[head]
        folded_NK = x_NF @ folded_HKF[head].T + folded_HK[head]
        assert torch.allclose(folded_NK, unfolded_NK, atol=2e-4)  # 100 / 20 * 1e-7, times 100


def _mask(dropper: Dropper, sizes: tuple[int, ...], features: int) -> torch.Tensor:
    return dropper.mask(dropper.draw(sizes, max(sizes), features))


def test_dropout_drops_its_share_and_scales_up_the_rest() -> None:
    rates = (0.0, 0.5, 0.9)
    heads = [HeadSpec(np.arange(3), NONE, 1, 0, rate, seed=5) for rate in rates]
    mask_HBF = _mask(Dropper(heads, torch.device("cpu")), (200, 200, 150), 999)
    assert (mask_HBF[0] == 1).all()
    for head, (rate, size) in enumerate(zip(rates, (200, 200, 150), strict=True)):
        own_BF = mask_HBF[head, :size]
        kept = float((own_BF > 0).float().mean())
        noise = 4 * (rate * (1 - rate) / own_BF.numel()) ** 0.5  # four standard errors
        assert abs(kept - (1 - rate)) <= noise
        assert torch.allclose(own_BF[own_BF > 0], torch.tensor(1 / (1 - rate)))
        columns_F = (own_BF > 0).float().mean(0)
        assert columns_F.std() < 0.05  # no feature is favoured


def test_a_heads_dropout_does_not_depend_on_its_neighbours() -> None:
    heads = [HeadSpec(np.arange(3), NONE, 1, 0, 0.5, seed=seed) for seed in range(3)]
    together, alone = (Dropper(which, torch.device("cpu")) for which in (heads, heads[1:2]))
    for sizes in ((8, 5, 9), (0, 4, 2), (3, 0, 1), (1, 6, 7)):
        own = (sizes[1],)
        if sizes[1]:
            mask_HBF = _mask(together, sizes, 30)
            assert torch.equal(mask_HBF[1, : sizes[1]], _mask(alone, own, 30)[0])
        else:
            _mask(together, sizes, 30)
    assert not torch.equal(mask_HBF[0, :1], mask_HBF[1, :1])


def _order(heads: list[HeadSpec], which: int, epochs: int = 2) -> list[list[int]]:
    rows, seeds = [head.train_N for head in heads], [head.seed for head in heads]
    batches = Batches(rows, seeds, 32, torch.device("cpu"))
    return [
        batch.rows_HB[which, : batch.sizes[which]].tolist()
        for _ in range(epochs)
        for batch in batches.epoch()
        if batch.sizes[which]
    ]


def test_an_epoch_shows_each_example_once_in_even_batches_whatever_the_neighbours() -> None:
    def spec(first: int, count: int, seed: int) -> HeadSpec:
        return HeadSpec(np.arange(first, first + count), NONE, lr=1, weight_decay=0, seed=seed)

    heads = [spec(0, 70, 1), spec(100, 30, 2), spec(200, 129, 3)]
    for which, (count, sizes) in enumerate(
        [(70, [24, 23, 23]), (30, [30]), (129, [26] * 4 + [25])]
    ):
        together = _order(heads, which)
        assert together == _order([heads[which]], 0)
        assert [len(batch) for batch in together] == sizes * 2
        first_epoch = list(chain(*together[: len(sizes)]))
        second_epoch = list(chain(*together[len(sizes) :]))
        assert sorted(first_epoch) == heads[which].train_N.tolist()
        assert sorted(second_epoch) == sorted(first_epoch) and second_epoch != first_epoch
        assert len(first_epoch) == count


def test_an_epoch_may_show_fewer_examples_others_each_time() -> None:
    heads = [HeadSpec(np.arange(70), NONE, 1, 0, seed=1, rows_an_epoch=rows) for rows in (40, 99)]
    assert [head.seen for head in heads] == [40, 70]
    rows, seen = [head.train_N for head in heads], [head.seen for head in heads]
    batches = Batches(rows, [1, 1], 32, torch.device("cpu"), seen)
    assert not batches.shared
    epochs = [
        [batch.rows_HB[0, : batch.sizes[0]].tolist() for batch in batches.epoch()] for _ in "12"
    ]
    first, second = ([row for part in parts for row in part] for parts in epochs)
    assert [len(part) for part in epochs[0]] == [20, 20, 0]
    assert len(set(first)) == len(set(second)) == 40 and set(first) != set(second)


def test_a_stack_that_cannot_fit_is_refused_before_anything_is_allocated() -> None:
    with pytest.raises(InfeasibleTrial, match=r"1000000 heads .* GB are free"):
        check_memory(10**6, 1000, 4096, 1000, 64, torch.device("cpu"))
    check_memory(10, 1000, 1280, 10, 64, torch.device("cpu"))
