"""The data set of a study as inputs of an MLflow run: names, digests and sizes, nothing to load."""

from __future__ import annotations

import json

from mlflow.entities import Dataset, DatasetInput, InputTag

from orchestrator.study.spec import StudySpec

_CONTEXTS = (("train", "train"), ("validation", "val"))


def dataset_inputs(spec: StudySpec) -> list[DatasetInput]:
    """Training and validation split, each an input with its context.

    MLflow tells data sets apart by name and digest and keeps one context for each, so a split
    is a data set of its own; its digest is the beginnings of the data's and of the split's (the
    run list shows it in a narrow column; both stand in full among the tags).
    """
    return [
        DatasetInput(
            dataset=_dataset(spec, context, getattr(spec.split, split)),
            tags=[InputTag(key="mlflow.data.context", value=context)],
        )
        for context, split in _CONTEXTS
        if getattr(spec.split, split)  # under cross-validation nothing is set aside
    ]


def _dataset(spec: StudySpec, context: str, images: int) -> Dataset:
    source = {
        "load": f"trainables.data.load({spec.data.name!r})",
        "data_digest": spec.data.digest,
        "split_digest": spec.split.digest,
        "split_seed": spec.base_config.get("split_seed", 0),
    }
    profile = {
        "num_rows": images,
        "images_in_all": spec.data.images,
        "classes": len(spec.data.classes),
        "class_names": ", ".join(spec.data.classes)[:2000],
    }
    return Dataset(
        name=f"{spec.data.name[:400]} {context}",
        digest=f"{spec.data.digest[:8]}-{spec.split.digest[:8]}",
        source_type="code",
        source=json.dumps(source),
        schema=None,
        profile=json.dumps(profile),
    )
