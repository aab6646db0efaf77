"""`orchestrator backbones`: the nets there are, and whether their weights are here."""

from __future__ import annotations

from dataclasses import asdict

from orchestrator.cli.answer import print_json
from orchestrator.cli.options import Json, WeightsDir


def backbones(weights_dir: WeightsDir = None, as_json: Json = False) -> None:
    """List the backbones: features, parameters, input sizes, and whether weights are here.

    Nets that are trained from scratch have none; a search tries them where they are named.
    Any other timm model can be named as timm:NAME.
    """
    from trainables.backbones import list_backbones

    rows = [asdict(row) for row in list_backbones(weights_dir=weights_dir)]
    if as_json:
        print_json({"backbones": rows})
        return
    from orchestrator.views.listings import print_backbones

    print_backbones(rows)
