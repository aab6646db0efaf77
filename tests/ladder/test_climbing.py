"""The whole ladder on trained nets: unions, passes, budgets, and that order favours nobody."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ladder_nets import Counted, net, sample
from torch import nn

from search_spaces.errors import UsageError
from trainables.attacks.ladder.climbing import climb_ladder
from trainables.attacks.ladder.contender import Contender
from trainables.attacks.ladder.kept import KeptPerturbations
from trainables.attacks.ladder.result import LadderResult
from trainables.attacks.ladder.rungs import RUNGS, LadderBudget, Rung
from trainables.attacks.ladder.sample import AttackedSample
from trainables.attacks.ladder.terms import Terms
from trainables.attacks.making import make_attack
from trainables.attacks.pgd import PGD
from trainables.attacks.robustness import measure_robustness
from trainables.driving import drive

# The ladder's own attacks with fewer steps.
SHORT = (
    replace(RUNGS[0], attack="pgd:steps=4"),
    replace(RUNGS[1], attack="pgd:steps=5,restarts=2", keep=2),
    replace(RUNGS[2], attack="ensemble:steps=4,targets=2,queries=8"),
)
RECIPES = {"strong": (24.0, 0), "like": (24.0, 1), "weak": (4.0, 0), "clean": (0.0, 0)}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def climb(
    folder: Path,
    names: Sequence[str] = tuple(RECIPES),
    *,
    on: AttackedSample | None = None,
    wrap: Any = None,
    rungs: tuple[Rung, ...] = SHORT,
    **asked: Any,
) -> LadderResult:
    on = on or sample()
    models: list[nn.Module] = [net(*RECIPES[name]) for name in names]
    models = [wrap(model) for model in models] if wrap else models
    nets = [Contender(name, model, on) for name, model in zip(names, models, strict=True)]
    return drive(climb_ladder(nets, on, KeptPerturbations(folder, on), rungs=rungs, **asked))


@pytest.fixture(scope="module")
def climbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[LadderResult, Path]:
    folder = tmp_path_factory.mktemp("kept")
    return climb(folder), folder


def test_the_strong_net_is_found(climbed: tuple[LadderResult, Path]) -> None:
    found, _ = climbed
    assert found.best in ("strong", "like")
    assert [rung.rung for rung in found.rungs] == ["pgd10", "pgd50x10", "ensemble"]
    assert len(found.rungs[1].kept) == 2 and set(found.rungs[1].kept) == {"strong", "like"}
    assert all(rung.settled for rung in found.rungs)


def test_no_figure_is_above_one_before_it_and_the_union_above_none(
    climbed: tuple[LadderResult, Path],
) -> None:
    found, _ = climbed
    for union in found.union:
        known = [found.clean[union.name]]
        known += [a for rung in found.rungs if (a := rung.accuracy(union.name)) is not None]
        known.append(union.accuracy)
        assert known == sorted(known, reverse=True)
        assert union.accuracy <= union.standing


def test_figures_lie_within_their_bounds(climbed: tuple[LadderResult, Path]) -> None:
    found, _ = climbed
    for figure in (f for rung in found.rungs for f in rung.figures):
        assert 0 <= figure.low <= figure.high <= 1
        assert figure.attacked <= figure.standing
        if figure.whole and figure.accuracy is not None:
            assert figure.low == figure.high == pytest.approx(figure.accuracy)


def test_the_first_rung_is_the_nets_own_attack_alone(tmp_path: Path) -> None:
    """Also where perturbations of others lie there: the figure is `measure_robustness`'s."""
    climb(tmp_path)
    again = climb(tmp_path)
    on = sample()
    whole = [f for f in again.rungs[0].figures if f.whole]
    assert {f.name for f in whole} >= {"strong", "like"}
    for figure in whole:
        alone = drive(
            measure_robustness(
                net(*RECIPES[figure.name]), on.images_NHWC, on.labels_N, PGD(steps=4),
                (0, on.eps_255), provenance={},
            )
        )  # fmt: skip
        assert figure.accuracy == pytest.approx(alone.curve.accuracy[1], abs=1e-12)
        assert figure.transferred == 0


def test_passes_are_those_of_an_independent_count(tmp_path: Path) -> None:
    models = [Counted(net(*RECIPES[name])) for name in RECIPES]
    on = sample()
    nets = [Contender(n, model, on) for n, model in zip(RECIPES, models, strict=True)]
    found = drive(climb_ladder(nets, on, KeptPerturbations(tmp_path, on), rungs=SHORT))
    counted = sum(model.forward_images + model.backward_images for model in models)
    assert found.passes == counted
    rungs = sum(rung.passes for rung in found.rungs)
    assert found.passes == len(on) * len(models) + rungs + sum(u.passes for u in found.union)


def test_the_order_of_the_nets_changes_no_figure(tmp_path: Path) -> None:
    names = tuple(RECIPES)
    one = climb(tmp_path / "one", names)
    other = climb(tmp_path / "other", names[::-1])
    for mine, theirs in zip(one.rungs, other.rungs, strict=True):
        assert {f.name: f.accuracy for f in mine.figures} == {
            f.name: f.accuracy for f in theirs.figures
        }
    assert {u.name: u.accuracy for u in one.union} == {u.name: u.accuracy for u in other.union}


def test_what_is_kept_breaks_its_net_and_lies_within_epsilon(
    climbed: tuple[LadderResult, Path],
) -> None:
    _, folder = climbed
    on = sample()
    files = sorted(KeptPerturbations(folder, on).folder.glob("*.npz"))
    assert len(files) >= 4
    for path in files:
        name = path.name.partition("-")[0]
        with np.load(path) as held:
            rows, deltas = held["rows"], held["deltas"].astype(np.float64)
        assert np.abs(deltas).max() <= on.eps * (1 + 2**-10)  # float16 rounds
        attacked = np.clip(on.images_NHWC[rows] / 255 + np.clip(deltas, -on.eps, on.eps), 0, 1)
        with torch.no_grad():
            images = torch.from_numpy(attacked.transpose(0, 3, 1, 2)).float()
            said = net(*RECIPES[name])(images).argmax(dim=1).numpy()
        assert (said == on.labels_N[rows]).mean() < 0.02  # to the last bit of the projection


@pytest.mark.parametrize(("norm", "eps"), [("linf", 24.0), ("l2", 250.0)])
def test_what_broke_one_net_is_tried_on_another_for_a_pass_each(norm: str, eps: float) -> None:
    """On the same net once more all of them work; on a stronger one some, and no others fall."""
    on = sample(eps_255=eps, norm=norm)
    weak, same, strong = (Contender(n, net(*RECIPES[n]), on) for n in ("clean", "clean", "strong"))
    for each in (weak, same, strong):
        each.look()
    found = weak.attack(make_attack(f"pgd:steps=4,norm={norm}"), np.arange(len(on)))
    assert len(found) > 20
    assert same.suffer(found) == len(found)
    assert same.passes == len(on) + len(found)  # the clean images, then one each
    assert np.array_equal(same.standing_N, weak.standing_N)
    before_N, tried = strong.standing_N.copy(), int(strong.standing_N[found.rows_P].sum())
    fell = strong.suffer(found)
    assert strong.passes == len(on) + tried
    assert fell == (before_N & ~strong.standing_N).sum() < tried
    assert set(np.flatnonzero(before_N & ~strong.standing_N)) <= set(found.rows_P)


def test_nets_are_left_as_they_were_found(tmp_path: Path) -> None:
    held = copy.deepcopy(net(*RECIPES["strong"])).train()
    before = {name: tensor.clone() for name, tensor in held.state_dict().items()}
    on = sample(30)
    nets = [Contender("held", held, on)]
    drive(climb_ladder(nets, on, KeptPerturbations(tmp_path, on), rungs=SHORT[:1]))
    assert held.training and all(p.grad is None and p.requires_grad for p in held.parameters())
    assert all(torch.equal(before[name], now) for name, now in held.state_dict().items())


def test_one_net_is_measured_on_the_whole_sample(tmp_path: Path) -> None:
    found = climb(tmp_path, ("strong",))
    assert all(rung.figures[0].whole and rung.settled for rung in found.rungs)
    assert found.best == "strong"


@pytest.mark.parametrize(("gate", "word"), [(0.02, "above"), (0.97, "below")])
def test_a_gate_is_told_of_each_finalist(tmp_path: Path, gate: float, word: str) -> None:
    found = climb(tmp_path, terms=Terms(gate=gate))
    assert dict(found.rungs[-1].gates) == dict.fromkeys(found.rungs[1].kept, word)
    if word == "below":  # told from what stood before, so nothing was attacked for it
        assert all(f.attacked <= 80 for f in found.rungs[-1].figures)


def test_passes_are_held_to_within_one_look(tmp_path: Path) -> None:
    """A rung ends where its share is spent, and says so; one image is always attacked."""
    on = sample(60)
    terms = Terms(look=4, margin=0.0)
    found = climb(tmp_path, on=on, budget=LadderBudget(passes=600), terms=terms)
    free = climb(tmp_path / "free", on=on, terms=terms)
    dearest = SHORT[2].make("linf", 0).most_passes(10)
    assert dearest is not None
    assert found.passes < 600 + 4 * 2 * sum(dearest)  # four images on two finalists
    assert found.passes < free.passes
    assert any("passes were spent" in rung.ended for rung in found.rungs)
    assert not all(rung.settled for rung in found.rungs)
    assert all(figure.attacked >= 1 for figure in found.rungs[-1].figures if figure.standing)


def test_seconds_end_a_rung(tmp_path: Path) -> None:
    found = climb(tmp_path, budget=LadderBudget(seconds=0.01), terms=Terms(look=2, margin=0.0))
    assert any(rung.ended.endswith("s were spent") for rung in found.rungs)


def test_unspent_shares_go_to_the_rungs_after() -> None:
    budget = LadderBudget(passes=1000, seconds=100.0)
    first = budget.share_of(0, RUNGS, 0, 0.0)
    assert (first.passes, first.seconds) == (150, pytest.approx(15.0))
    # 100 passes and 50 s are left over for the last rung, whatever its share was.
    last = budget.share_of(2, RUNGS, 900, 50.0)
    assert (last.passes, last.seconds) == (100, pytest.approx(50.0))


def test_results_survive_json(climbed: tuple[LadderResult, Path]) -> None:
    found, _ = climbed
    import json

    assert LadderResult.from_json(
        json.loads(json.dumps(found.to_json()))
    ) == LadderResult.from_json(found.to_json())


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Terms(margin=1.0),
        lambda: Terms(alpha=0.0),
        lambda: Terms(gate=40.0),
        lambda: LadderBudget(passes=0),
        lambda: sample(eps_255=0.0),
        lambda: sample(count=0),
        lambda: drive(climb_ladder([], sample(), KeptPerturbations(Path(), sample()))),
    ],
)
def test_what_cannot_be_is_told(wrong: Any) -> None:
    with pytest.raises(UsageError):
        wrong()


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_rungs_name_attacks_that_there_are(rung: Rung, norm: str) -> None:
    made = rung.make(norm, seed=3)
    assert made == make_attack(
        f"{rung.attack}{',' if ':' in rung.attack else ':'}norm={norm}", seed=3
    )
