"""One option for every field of `SearchRequest`; names and defaults are the request's own."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from orchestrator.cli import quantities
from orchestrator.cli.options import (
    BODIES,
    DATA,
    RESULTS,
    SEARCH,
    Address,
    AddTrials,
    Concurrency,
    CpusPerTrial,
    DataDir,
    GpusPerTrial,
    ImageSize,
    Local,
    MaxFailures,
    OnBudget,
    RetryFailed,
    Storage,
    Target,
    TimeBudget,
    TrackingUri,
    Trials,
    Try,
    WeightsDir,
    option,
)
from orchestrator.request import SearchRequest
from orchestrator.study.pruners import PRUNERS
from orchestrator.study.samplers import SAMPLERS

SPACE = typer.Argument(metavar="SPACE", help="A name of `orchestrator spaces`, or my_space.py.")
IN_PROPORTION = "1000, or fewer in proportion where data is small"

OPTIONS: dict[str, Any] = {
    "space": Annotated[str, SPACE],
    "data": Annotated[
        str | None, option("--data", "NAME", DATA, "cifar10, digits or folder:PATH.", "cifar10")
    ],
    "data_dir": DataDir,
    "image_size": ImageSize,
    "train_size": Annotated[
        int | None,
        option("--train-size", "IMAGES", DATA, "Labelled training images.", IN_PROPORTION, min=1),
    ],
    "val_size": Annotated[
        int | None,
        option("--val-size", "IMAGES", DATA, "Labelled validation images.", IN_PROPORTION, min=1),
    ],
    "robust_size": Annotated[
        int | None,
        option(
            "--robust-size",
            "IMAGES",
            DATA,
            "Validation images that are attacked.",
            "256 on CPUs, 1000 on a GPU",
            min=1,
        ),
    ],
    "validation": Annotated[
        str | None,
        option(
            "--validation",
            "split|kfold:KxR",
            DATA,
            "On images set aside, or by K folds of the labelled ones, drawn anew R times.",
            "split",
        ),
    ],
    "backbones": Annotated[
        str | None,
        option(
            "--backbones",
            "A,B",
            BODIES,
            "Backbones to try, with commas between them.",
            "all whose weights can be had",
        ),
    ],
    "weights": Annotated[
        Literal["pretrained", "random"] | None,
        option("--weights", "pretrained|random", BODIES, "Where bodies start.", "pretrained"),
    ],
    "weights_dir": WeightsDir,
    "settings": Annotated[
        list[str] | None,
        option(
            "--set",
            "KEY=VALUE",
            SEARCH,
            "Fix a field of the trial's config, such as input_size=128; once for each field.",
            "none",
        ),
    ],
    "trials": Trials,
    "time_budget": TimeBudget,
    "seed": Annotated[
        int | None,
        option(
            "--seed",
            "N",
            SEARCH,
            "Seed of the splits, the sampler and the heads.",
            "0",
            min=0,
        ),
    ],
    "cpus_per_trial": CpusPerTrial,
    "gpus_per_trial": GpusPerTrial,
    "concurrency": Concurrency,
    "address": Address,
    "local": Local,
    "storage": Storage,
    "tracking_uri": TrackingUri,
    "experiment": Annotated[
        str,
        option(
            "--experiment",
            "NAME",
            RESULTS,
            "MLflow experiment that gets the runs.",
            SearchRequest.experiment,
        ),
    ],
    "study": Annotated[
        str | None,
        option(
            "--study",
            "NAME",
            RESULTS,
            "Name of a new study, or of one that exists and goes on.",
            "SPACE-<UTC time>",
        ),
    ],
    "checkpoints": Annotated[
        Path | None,
        option(
            "--checkpoints",
            "FOLDER",
            RESULTS,
            "Folder of the trials' files; one that all machines share, if there are several.",
            ".orchestrator in the working folder",
        ),
    ],
    "keep_models": Annotated[
        int,
        option(
            "--keep-models",
            "N",
            RESULTS,
            "Whole models logged to MLflow, best first.",
            str(SearchRequest.keep_models),
            min=0,
        ),
    ],
    "cache_limit_gb": Annotated[
        str | None,
        option(
            "--cache-limit",
            "SIZE",
            RESULTS,
            "Most room that the feature cache takes: 20GB, 500MB.",
            "20GB",
        ),
    ],
}

OPTIONS |= {
    "trainable": Annotated[
        str | None,
        option(
            "--trainable",
            "MODULE:FUNCTION",
            SEARCH,
            "A trial of your own: a generator of reports, found from the working folder.",
            "the trial over images",
        ),
    ],
    "objective": Annotated[
        str | None,
        option(
            "--objective",
            "METRIC,...",
            SEARCH,
            "Metrics to optimise; -METRIC is minimised.",
            "what the space says",
        ),
    ],
    "constraints": Annotated[
        list[str] | None,
        option(
            "--constraint",
            "CONDITION",
            SEARCH,
            "What a trial should hold, such as 'robust_acc>=0.3'; once for each.",
            "none",
        ),
    ],
    "sampler": Annotated[
        str | None,
        option("--sampler", "|".join(SAMPLERS), SEARCH, "What draws the next point.", "auto"),
    ],
    "pruner": Annotated[
        str | None,
        option(
            "--pruner",
            "|".join(PRUNERS),
            SEARCH,
            "What stops trials early, with options: asha:first_rung=2.",
            "what the space says",
        ),
    ],
    "gate": Annotated[
        str | None,
        option(
            "--gate",
            "METRIC",
            SEARCH,
            "The metric by epoch that the pruner looks at.",
            "the one objective",
        ),
    ],
    "target": Target,
    "max_failures": MaxFailures,
    "on_budget": OnBudget,
    "duplicates": Annotated[
        Literal["answer", "reseed", "run"] | None,
        option(
            "--duplicates",
            "answer|reseed|run",
            SEARCH,
            "A config that has finished already: take its answer, run it with another seed, or "
            "run it again.",
            "answer",
        ),
    ],
    "tries": Try,
    "warm_start": Annotated[
        list[str] | None,
        option(
            "--warm-start",
            "STUDY",
            SEARCH,
            "Let the sampler learn from the finished trials of another study; once for each.",
            "none",
        ),
    ],
    "add_trials": AddTrials,
    "retry_failed": RetryFailed,
}

# What a person types, turned into what the request holds.
_TURNED: dict[str, Callable[[Any], Any]] = {
    "backbones": quantities.names,
    "time_budget": quantities.seconds,
    "cache_limit_gb": quantities.gigabytes,
    "settings": quantities.several,
    "constraints": quantities.several,
    "tries": quantities.several,
    "warm_start": quantities.several,
}


def takes_request(command: Callable[..., None]) -> Callable[..., None]:
    """`command(request, ...)` as a function of every option of a request, then its own.

    Typer reads a command's options from its signature: made here from the fields of
    `SearchRequest`, so that no name and no default can differ.
    """
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    asked = [_parameter(field.name) for field in fields(SearchRequest)]

    @functools.wraps(command)
    def from_options(**values: Any) -> None:
        rest = {parameter.name: values.pop(parameter.name) for parameter in own}
        turned = {name: turn(values[name]) for name, turn in _TURNED.items()}
        command(SearchRequest(**{**values, **turned}), **rest)

    keyword_only = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
    signature = inspect.Signature([*asked, *keyword_only])
    from_options.__signature__ = signature  # type: ignore[attr-defined]
    return from_options


def _parameter(name: str) -> inspect.Parameter:
    """The option of one field, as Typer wants to see it; only the space must be given."""
    default = None if name in _TURNED else getattr(SearchRequest, name)
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        annotation=OPTIONS[name],
        default=inspect.Parameter.empty if name == "space" else default,
    )
