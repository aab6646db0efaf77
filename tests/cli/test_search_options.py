"""Each option of `search` reaches its field of the request, and says its default."""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from orchestrator.cli.request_options import OPTIONS, takes_request
from orchestrator.request import SearchRequest
from trainables.config import TrialConfig


def parse(*arguments: str) -> SearchRequest:
    """The request that a command line makes."""
    got: list[SearchRequest] = []

    @takes_request
    def command(request: SearchRequest) -> None:
        got.append(request)

    app = typer.Typer()
    app.command()(command)
    ended = CliRunner().invoke(app, ["backbone_compare", *arguments])
    assert ended.exit_code == 0, ended.output
    return got[0]


def test_no_option_is_the_requests_own_defaults() -> None:
    assert parse() == SearchRequest()


@pytest.mark.parametrize(
    ("arguments", "field", "value"),
    [
        ("--data digits", "data", "digits"),
        ("--data-dir a/b", "data_dir", Path("a/b")),
        ("--image-size 64", "image_size", 64),
        ("--train-size 100", "train_size", 100),
        ("--val-size 200", "val_size", 200),
        ("--robust-size 30", "robust_size", 30),
        ("--backbones vgg16,resnet18", "backbones", ("vgg16", "resnet18")),
        ("--set lr=1e-3 --set epochs=5", "settings", ("lr=1e-3", "epochs=5")),
        ("--weights random", "weights", "random"),
        ("--weights-dir w", "weights_dir", Path("w")),
        ("--trials 6", "trials", 6),
        ("--time-budget 1h30m", "time_budget", 5400.0),
        ("--seed 7", "seed", 7),
        ("--cpus-per-trial 0.5", "cpus_per_trial", 0.5),
        ("--gpus-per-trial 0.25", "gpus_per_trial", 0.25),
        ("--concurrency 3", "concurrency", 3),
        ("--address auto", "address", "auto"),
        ("--local", "local", True),
        ("--storage sqlite:///x.db", "storage", "sqlite:///x.db"),
        ("--tracking-uri http://localhost:5000", "tracking_uri", "http://localhost:5000"),
        ("--experiment mine", "experiment", "mine"),
        ("--study s1", "study", "s1"),
        ("--checkpoints c", "checkpoints", Path("c")),
        ("--keep-models 0", "keep_models", 0),
        ("--cache-limit 500MB", "cache_limit_gb", 0.5),
    ],
)
def test_an_option_sets_its_field_and_no_other(arguments: str, field: str, value: object) -> None:
    got = asdict(parse(*arguments.split()))
    assert got == {**asdict(SearchRequest()), field: value}


def test_every_field_of_a_request_has_an_option() -> None:
    assert set(OPTIONS) == {field.name for field in fields(SearchRequest)}


@pytest.mark.parametrize(
    ("option", "default"),
    [
        ("data", TrialConfig.model_fields["data"].default),
        ("weights", TrialConfig.model_fields["weights"].default),
        ("seed", TrialConfig.model_fields["seed"].default),
        ("cache_limit_gb", f"{TrialConfig.model_fields['cache_limit_gb'].default:g}GB"),
        ("experiment", SearchRequest.experiment),
        ("keep_models", SearchRequest.keep_models),
    ],
)
def test_the_default_in_the_help_is_the_real_one(option: str, default: object) -> None:
    assert rf"\[default: {default}]" in OPTIONS[option].__metadata__[0].help


WITHOUT_A_VALUE = ("space", "local", "retry_failed")


@pytest.mark.parametrize("field", [name for name in OPTIONS if name not in WITHOUT_A_VALUE])
def test_every_help_text_says_a_default_and_every_number_its_unit(field: str) -> None:
    info = OPTIONS[field].__metadata__[0]
    assert re.search(r"\\\[default: .+\]", info.help)
    assert info.metavar
