"""Our attacks against other libraries' on a trained net, with the same settings."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from attack_parts import SmallNet, measure, oracle, tensors

from trainables.attacks.making import make_attack
from trainables.attacks.traces import leaving_no_trace

Digits = tuple[np.ndarray, np.ndarray]
POINT = 0.01


@pytest.fixture(autouse=True)
def seeded() -> Any:
    """The other libraries draw from the global generators."""
    before = np.random.get_state()
    np.random.seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
    np.random.set_state(before)


def _ours(trained: SmallNet, digits: Digits, text: str, eps_255: float) -> float:
    attack = make_attack(text)
    curve = measure(trained, *digits, (0, eps_255), attack=attack, batch_size=600).curve
    assert 0.1 < curve.accuracy[1] < curve.accuracy[0] - 0.1  # else agreement says nothing
    return curve.accuracy[1]


def _accuracy(trained: SmallNet, digits: Digits, attacked: torch.Tensor) -> float:
    """Right before and after, as ours counts."""
    images, labels = tensors(*digits)
    with torch.no_grad():
        clean, after = (trained(x).argmax(1) == labels for x in (images, attacked))
    return float((clean & after).float().mean())


NORMS = {"linf": np.inf, "l2": 2}
# (ours, ART's class, its settings, norm, eps in 1/255)
ART = [
    ("pgd:steps=20,step_255=6", "ProjectedGradientDescentPyTorch",
     {"max_iter": 20, "eps_step": 6 / 255, "num_random_init": 1}, "linf", 24),
    pytest.param("pgd:steps=20,restarts=3,step_255=6", "ProjectedGradientDescentPyTorch",
                 {"max_iter": 20, "eps_step": 6 / 255, "num_random_init": 3}, "linf", 24,
                 marks=pytest.mark.slow),
    ("pgd:steps=20,step_255=80", "ProjectedGradientDescentPyTorch",
     {"max_iter": 20, "eps_step": 80 / 255, "num_random_init": 1}, "l2", 320),
    pytest.param("apgd_ce:steps=50", "AutoProjectedGradientDescent",
                 {"max_iter": 50, "eps_step": 0.1, "nb_random_init": 1,
                  "loss_type": "cross_entropy"}, "linf", 24, marks=pytest.mark.slow),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "settings", "norm", "eps_255"), ART)
def test_within_a_point_of_art(
    text: str, kind: str, settings: dict[str, Any], norm: str, eps_255: float,
    trained: SmallNet, digits: Digits,
) -> None:  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle("art")
        from art.attacks import evasion
        from art.attacks.evasion.projected_gradient_descent import (
            projected_gradient_descent_pytorch as pgd,
        )
        from art.estimators.classification import PyTorchClassifier
    estimator = PyTorchClassifier(
        trained, torch.nn.CrossEntropyLoss(), (3, 16, 16), 10, clip_values=(0, 1),
        device_type="cpu",
    )  # fmt: skip
    images, labels = tensors(*digits)
    attack = getattr(pgd, kind, None) or getattr(evasion, kind)
    with leaving_no_trace(trained):
        attacked = attack(
            estimator, norm=NORMS[norm], eps=eps_255 / 255, batch_size=600, verbose=False,
            **settings,
        ).generate(images.numpy().copy(), labels.numpy())  # fmt: skip
    theirs = _accuracy(trained, digits, torch.from_numpy(attacked))
    ours = _ours(trained, digits, f"{text},norm={norm}", eps_255)
    assert ours == pytest.approx(theirs, abs=POINT + 1e-9)


APGD = ("apgd_ce:steps=30", "autopgd_base", "APGDAttack", {"n_iter": 30})
APGD_T = (
    "apgd_t:steps=15,targets=3", "autopgd_base", "APGDAttack_targeted",
    {"n_iter": 15, "n_target_classes": 3},
)  # fmt: skip
PUBLISHED = [
    (*APGD, "linf", 24),
    pytest.param(*APGD, "l2", 320, marks=pytest.mark.slow),
    (*APGD_T, "linf", 24),
    pytest.param(*APGD_T, "l2", 320, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("text", "module", "kind", "settings", "norm", "eps_255"), PUBLISHED)
def test_within_a_point_of_the_authors_own(
    text: str, module: str, kind: str, settings: dict[str, Any], norm: str, eps_255: float,
    trained: SmallNet, digits: Digits,
) -> None:  # fmt: skip
    made = getattr(oracle(f"pyautoattack.{module}"), kind)
    images, labels = tensors(*digits)
    name = {"linf": "Linf", "l2": "L2"}[norm]
    with leaving_no_trace(trained):
        right = trained(images).argmax(1) == labels
        attacked = images.clone()
        attack = made(trained, norm=name, eps=eps_255 / 255, seed=0, device="cpu", **settings)
        attacked[right] = attack.perturb(images[right], labels[right]).detach()
    theirs = _accuracy(trained, digits, attacked)
    ours = _ours(trained, digits, f"{text},norm={norm}", eps_255)
    assert ours == pytest.approx(theirs, abs=POINT + 1e-9)


@pytest.mark.parametrize(
    ("norm", "eps_255"), [("linf", 24), pytest.param("l2", 320, marks=pytest.mark.slow)]
)
def test_the_ensemble_is_never_above_a_long_pgd(
    norm: str, eps_255: float, trained: SmallNet, digits: Digits
) -> None:
    some = digits[0][480:], digits[1][480:]
    pgd = _ours(trained, some, f"pgd:steps=30,restarts=3,norm={norm}", eps_255)
    ensemble = _ours(trained, some, f"ensemble:steps=30,queries=40,norm={norm}", eps_255)
    assert ensemble <= pgd


@pytest.mark.slow
@pytest.mark.parametrize(("norm", "eps_255"), [("linf", 36), ("l2", 700)])
def test_square_is_within_a_point_of_the_authors_own_on_average(
    norm: str, eps_255: float, trained: SmallNet, digits: Digits
) -> None:
    """Random search: one run differs from the next by two points, so four seeds of each."""
    square = oracle("pyautoattack.square").SquareAttack
    images, labels = tensors(*digits)
    images = images.contiguous()
    with leaving_no_trace(trained), torch.no_grad():
        right = trained(images).argmax(1) == labels
        images, labels = images[right][:250], labels[right][:250]
        accuracies = []
        for seed in range(4):
            ours = make_attack(f"square:queries=300,norm={norm}", seed=seed)
            theirs = square(
                trained, norm={"linf": "Linf", "l2": "L2"}[norm], eps=eps_255 / 255,
                n_queries=300, seed=seed, device="cpu",
            )  # fmt: skip
            attacked = (
                ours(trained, images, labels, eps_255 / 255),
                theirs.perturb(images, labels),
            )
            accuracies.append(
                [float((trained(x).argmax(1) == labels).float().mean()) for x in attacked]
            )
    found = np.array(accuracies)
    assert ((found > 0.1) & (found < 0.9)).all()
    error = np.sqrt(found.var(axis=0, ddof=1).sum() / len(found))  # of the difference of means
    assert abs(found[:, 0].mean() - found[:, 1].mean()) <= POINT + 2 * error
