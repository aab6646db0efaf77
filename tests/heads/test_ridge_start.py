"""The closed form against scikit-learn and against leaving examples out one by one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from head_parts import CLASSES, Problem
from sklearn.linear_model import Ridge
from torch.nn import functional

from trainables.heads.start import RIDGE, _dual, _primal, ridge_start


def _standardised(problem: Problem, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    x_NF = torch.from_numpy(problem.features_NF[:count]).double()
    z_NF = (x_NF - x_NF.mean(0)) / x_NF.std(0, correction=0)
    return z_NF, torch.from_numpy(problem.labels_N[:count])


@pytest.mark.parametrize("count", [15, 24, 200])  # fewer than, as many as, more than features
def test_the_start_is_scikit_learns_ridge_but_for_its_scale(problem: Problem, count: int) -> None:
    z_NF, labels_N = _standardised(problem, count)
    weight_KF, bias_K = ridge_start(z_NF, labels_N, CLASSES)
    ridge = Ridge(alpha=RIDGE * z_NF.shape[1])
    ridge.fit(z_NF.numpy(), np.eye(CLASSES)[labels_N.numpy()])
    scale = float(weight_KF.norm() / np.linalg.norm(ridge.coef_))
    assert 0.1 <= scale <= 320
    assert np.allclose(weight_KF.numpy(), scale * ridge.coef_, atol=1e-9)
    assert np.allclose(bias_K.numpy(), scale * ridge.intercept_, atol=1e-9)


@pytest.mark.parametrize("solve", [_dual, _primal])
def test_left_out_scores_are_those_of_a_fit_without_the_example(
    problem: Problem, solve: Callable[..., tuple[torch.Tensor, torch.Tensor]]
) -> None:
    z_NF, labels_N = _standardised(problem, 40)
    targets_NK = functional.one_hot(labels_N, CLASSES).double()
    strength = torch.tensor(24.0).double()
    _, left_out_NK = solve(z_NF, targets_NK, strength)
    for i in (0, 17, 39):
        rest = torch.arange(40) != i
        ridge = Ridge(alpha=24.0, fit_intercept=False)
        ridge.fit(z_NF[rest].numpy(), targets_NK[rest].numpy())
        assert np.allclose(left_out_NK[i], ridge.predict(z_NF[i : i + 1].numpy())[0], atol=1e-9)


def test_the_scale_is_bold_where_classes_are_plain_and_timid_where_labels_are_noise() -> None:
    generator = torch.Generator().manual_seed(0)
    labels_N = torch.arange(60) % 3
    plain_NF = 4 * functional.one_hot(labels_N, 3) + 0.1 * torch.randn(60, 3, generator=generator)
    noise_NF = torch.randn(60, 3, generator=generator)
    sizes = []
    for x_NF in (plain_NF, noise_NF):
        z_NF = (x_NF - x_NF.mean(0)) / x_NF.std(0, correction=0)
        weight_KF, bias_K = ridge_start(z_NF, labels_N, 3)
        loss = functional.cross_entropy(z_NF @ weight_KF.T + bias_K, labels_N)
        sizes.append(float(loss))
    assert sizes[0] < 0.05
    assert sizes[1] == pytest.approx(np.log(3), abs=0.1)  # what knows nothing says nothing


def test_a_feature_that_is_not_finite_does_not_raise(problem: Problem) -> None:
    z_NF, labels_N = _standardised(problem, 20)
    z_NF[3, 3] = torch.nan
    weight_KF, _ = ridge_start(z_NF, labels_N, CLASSES)
    assert not torch.isfinite(weight_KF).all()
