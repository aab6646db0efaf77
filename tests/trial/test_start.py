"""What a trial imports, since that is most of the time to a warm trial's first epoch."""

from __future__ import annotations

import json
import subprocess
import sys

from trial_parts import SMALL, run

FIRST_EPOCH = """
import json, sys
from trainables import TrialConfig, train
from trainables.reports import EpochReport
config = TrialConfig.model_validate_json(sys.argv[1])
next(r for r in train(config) if isinstance(r, EpochReport))
print(json.dumps(sorted(sys.modules)))
"""


def _modules(code: str, *arguments: str) -> set[str]:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_with_cached_features_the_first_epoch_needs_no_body() -> None:
    config = SMALL.replace(backbone="tf_efficientnet_lite0", attack="none", epochs=1)
    list(run(**config.model_dump(exclude_unset=True)))
    loaded = _modules(FIRST_EPOCH, config.model_dump_json())
    assert "torch" in loaded
    heavy = {"timm", "torchvision", "pandas", "sklearn", "scipy", "matplotlib", "pyarrow"}
    assert not heavy & loaded
    assert not {"ray", "mlflow", "optuna", "orchestrator"} & loaded


def test_the_package_itself_is_light() -> None:
    code = (
        "import json, sys, trainables; trainables.TrialConfig; print(json.dumps(list(sys.modules)))"
    )
    assert not {"torch", "numpy", "pandas"} & _modules(code)
