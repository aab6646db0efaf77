"""The answer, in a few sentences: from the study's figures only, with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.reporting.material import Material, OnTest
from orchestrator.reporting.rivals import rivals
from orchestrator.reporting.sections.front import front_trials
from orchestrator.reporting.sections.on_test import openings_said
from orchestrator.reporting.trial_figures import interval_said, said
from orchestrator.reporting.words import listed, some_trials
from orchestrator.results import TrialResult
from orchestrator.study.pareto import gain
from orchestrator.views.numbers import count

_MOST_PAIRS = 3
_MOST_TESTS = 3


def answer(material: Material) -> tuple[str, ...]:
    """The sentences, most important first."""
    if material.spec.comparison is not None:
        return tuple(_compared(material))
    if material.best is None:
        return (_nothing(material),)
    several = len(material.spec.objectives) > 1
    sentences = [*_labels(material), *(_front(material) if several else _best(material))]
    sentences += _chance(material)
    for comparison in material.comparisons:
        sentences += [
            f"Run again {count(comparison.repeats)} times on fresh seeds and splits, by "
            f"{comparison.by}: {comparison.verdict}",
            *map(_sentence, comparison.sentences[:_MOST_PAIRS]),
        ]
    return (*sentences, *_on_test(material), *_progress(material))


def _labels(material: Material) -> tuple[str, ...]:
    """How many are enough, where the study asked; the checks stand in their own section."""
    from orchestrator.label_curves.reading import read_label_curves
    from orchestrator.label_curves.words import label_answers

    return label_answers(read_label_curves(material.trials, material.spec))


def _nothing(material: Material) -> str:
    """Why there is no answer."""
    spec, done = material.spec, material.done
    failed = sum(trial.state == "failed" for trial in material.trials)
    progress = f"{count(done)} of {some_trials(spec.trials)} ended"
    progress += f", {count(failed)} failed" if failed else ""
    if material.ranked:
        bounds = " and ".join(str(condition) for condition in spec.constraints)
        return f"No finished trial holds {bounds}, so there is no answer ({progress})."
    state = " yet" if material.running or not done else ""
    return f"No trial has finished with a value{state}, so there is no answer ({progress})."


def _best(material: Material) -> Iterator[str]:
    best, name, spec = _held(material), material.metric, material.spec
    after = f"after {count(material.done)} of {some_trials(spec.trials)}"
    far = "" if material.done >= spec.trials else " so far"
    most = "highest" if material.maximize else "lowest"
    yield (
        f"{best.label} (trial {best.number}) has the {most} {name}{far}: "
        f"{said(best, name, spec)}, {after}."
    )
    yield from _told_apart(material)
    if "robust_score" in best.metrics and name != "robust_score":
        left = said(best, "robust_score", spec)
        yield f"Its robust score, what is left of it under attack up to 8/255, is {left}."
    if "second_acc" in best.metrics:
        yield (
            f"A second, stronger attack leaves {said(best, 'second_acc', spec)} of its images "
            "right at 8/255."
        )


def _told_apart(material: Material) -> Iterator[str]:
    """Whether this is a verdict or a tie."""
    found = rivals(material)
    if not found.of:
        return
    if not found.known:
        yield (
            "Each figure is of one run, without an interval: what two trials differ by may be "
            "chance."
        )
        return
    if material.groups:
        first = next(iter(material.groups))
        if found.groups:
            near = listed(found.groups)
            yield f"{near} cannot be told apart from {first}: the intervals overlap."
        behind = [name for name in material.groups if name not in (first, *found.groups)]
        if behind:
            verb = "is" if len(behind) == 1 else "are"
            yield f"{listed(behind)} {verb} worse than {first}: the intervals do not meet."
    if found.trials and found.of == 1:
        yield "The interval of the one trial behind it overlaps its own."
    elif found.trials:
        yield f"{_how_many(len(found.trials), found.of)} an interval that overlaps its own."
    else:
        yield "No other trial's interval overlaps its own."


def _how_many(some: int, of: int) -> str:
    if some == of:
        return f"{'Both trials' if of == 2 else f'All {some_trials(of)}'} behind it have"
    return f"Of the {some_trials(of)} behind it {'1 has' if some == 1 else f'{count(some)} have'}"


def _front(material: Material) -> Iterator[str]:
    spec, trials = material.spec, front_trials(material)
    if not trials:
        yield _nothing(material)
        return
    names = " and ".join(each.metric for each in spec.objectives)
    if len(trials) == 1:
        (one,) = trials
        values = [f"{each.metric} {said(one, each.metric, spec)}" for each in spec.objectives]
        yield f"By {names} one trial beats all others: {one.label} (trial {one.number})."
        yield f"It has {listed(values)}."
        return
    yield (
        f"By {names} no single trial is the best: {count(len(trials))} of "
        f"{some_trials(len(material.ranked))} that finished are on the Pareto front."
    )
    for place, objective in enumerate(spec.objectives):
        best = max(trials, key=lambda trial: (gain(trial, spec)[place], -trial.number))
        most = "highest" if objective.direction == "maximize" else "lowest"
        value = said(best, objective.metric, spec)
        whose = f"{best.label} (trial {best.number})"
        yield f"The {most} {objective.metric}, {value}, is that of {whose}."


def _chance(material: Material) -> Iterator[str]:
    """The winner's curse."""
    if material.done < 2:
        return
    several = len(material.spec.objectives) > 1
    first, it = ("Each figure is", "it is") if several else ("It is", "its figure is")
    of = f"{first} the best of {some_trials(material.done)}"
    if material.spec.has_images:
        of += f" by the same validation images, so {it} flattered by chance"
        yield f"{of}: expect somewhat less on fresh data."
    else:
        yield f"{of}: where a run's outcome hangs on chance, {it} flattered by it."


def _on_test(material: Material) -> Iterator[str]:
    if not material.spec.has_images:
        return
    if material.tests:
        yield _tested(material.tests)
    yield openings_said(material.openings)


def _tested(tests: Sequence[OnTest]) -> str:
    """In one sentence, however many were held against the test split."""
    first, *others = tests[:_MOST_TESTS]
    parts = [f"{_whose(first)} has an accuracy of {_accuracy(first)}"]
    parts += [f"{_whose(each)} of {_accuracy(each)}" for each in others]
    counts = " or ".join(count(number) for number in sorted({each.count for each in tests}))
    more = len(tests) - len(parts)
    rest = f"; {count(more)} more in the table below" if more else ""
    return f"On the {counts} test images {listed(parts)}{rest}."


def _whose(test: OnTest) -> str:
    return f"trial {test.trial.number} ({test.trial.label})"


def _accuracy(test: OnTest) -> str:
    return interval_said(test.accuracy, test.low, test.high)


def _progress(material: Material) -> Iterator[str]:
    if material.running:
        yield "The search is running: all this may change."
    elif material.done < material.spec.trials:
        yield "The search has not come to its end."


def _compared(material: Material) -> Iterator[str]:
    """Of a study of repeats."""
    from orchestrator.comparing.comparison import read_comparison

    found = read_comparison(material.trials, material.spec)
    yield found.verdict
    for each in found.sentences[:_MOST_PAIRS]:
        yield _sentence(each)
    yield (
        f"Each is the best of {some_trials(found.tuned)} of {found.source}, run "
        f"{count(found.repeats)} times on fresh seeds and splits; intervals hold for all pairs at "
        "once."
    )
    yield from _on_test(material)
    yield from _progress(material)


def _held(material: Material) -> TrialResult:
    assert material.best is not None
    return material.best


def _sentence(text: str) -> str:
    """With a capital, unless it starts with a name."""
    return f"Between{text.removeprefix('between')}." if text.startswith("between") else f"{text}."
