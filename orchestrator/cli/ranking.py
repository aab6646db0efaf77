"""What the ranked table says of each backbone beside its results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.errors import OrchestratorError

if TYPE_CHECKING:
    from orchestrator.results import SearchResult
    from orchestrator.views.ranked_rows import BackboneFacts


def backbone_facts(result: SearchResult) -> dict[str, BackboneFacts]:
    """Features and parameters by backbone; one that is not registered any more is left out."""
    from orchestrator.views.ranked_rows import BackboneFacts
    from trainables.backbones import get_backbone

    facts = {}
    for name in {str(trial.config.get("backbone", "")) for trial in result.ranked}:
        try:
            backbone = get_backbone(name)
        except OrchestratorError:
            continue
        facts[name] = BackboneFacts(backbone.features, backbone.parameters)
    return facts
