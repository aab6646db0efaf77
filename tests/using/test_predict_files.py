"""`predict` and `orchestrator predict`: answers as by hand, whatever else lies in the folder."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.special
from json_keys import check
from model_folders import CLASSES, colour_logits
from PIL import Image

from orchestrator.cli.app import main
from orchestrator.using.classifier import LoadedClassifier
from orchestrator.using.predicting import predict
from search_spaces.errors import TrialFailed, UsageError
from trainables.data.image_files import decode_file

Line = Callable[..., tuple[int, str, str]]
COLOURS = {"dark": (9, 9, 9), "red": (230, 20, 20), "green": (0, 255, 40), "blue": (5, 5, 200)}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Images of every colour in several sizes, and what is none."""
    folder = tmp_path / "pictures"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    for at, (name, colour) in enumerate(COLOURS.items()):
        image = Image.new("RGB", (8 + 5 * at, 8 + 9 * at), colour)
        image.save(folder / f"{name}.png")
        image.save(folder / "deep" / "er" / f"{name}.JPG", "JPEG", quality=95)
    image.save(folder / ".hidden" / "not-me.png")
    (folder / "notes.txt").write_text("no image")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (folder / "=cmd.png").write_bytes((folder / "red.png").read_bytes())
    return folder


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str]) -> Line:
    """`line("predict", ...)`: status, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([str(each) for each in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_answers_are_those_by_hand(colours: LoadedClassifier, pictures: Path) -> None:
    found = predict(colours, pictures, every_class=True, top=2, batch_size=3)
    assert list(found.columns) == [
        "path", "label", "probability", "label_2", "probability_2",
        *(f"p.{name}" for name in CLASSES), "error",
    ]  # fmt: skip
    names = [str(Path(path).relative_to(pictures)) for path in found["path"]]
    deep = [f"deep/er/{name}.JPG" for name in ("blue", "dark", "green", "red")]
    assert names == [
        "=cmd.png", "blue.png", "dark.png", *deep, "green.png", "red.png", "broken.png"
    ]  # fmt: skip
    assert found["label"].isna().tolist() == [False] * 9 + [True]
    assert found["error"].isna().tolist() == [True] * 9 + [False]
    for path, row in zip(found["path"][:-1], found.to_dict("records"), strict=False):
        image_NHWC = decode_file(Path(path), 8)[None]
        (by_hand_K,) = scipy.special.softmax(colour_logits(image_NHWC), axis=1)
        order = np.argsort(-by_hand_K)
        assert (row["label"], row["label_2"]) == tuple(CLASSES[at] for at in order[:2])
        assert row["probability"] == pytest.approx(by_hand_K[order[0]], abs=1e-5)
        own_K = [row[f"p.{name}"] for name in CLASSES]
        np.testing.assert_allclose(own_K, by_hand_K, atol=1e-5)


def test_the_command_writes_a_table_and_lists_what_it_could_not_read(
    line: Line, folder: Path, pictures: Path, tmp_path: Path
) -> None:
    out = tmp_path / "labels.csv"
    status, said, err = line("predict", folder, pictures, "--out", out, "--all")
    assert (status, said) == (1, "")
    assert "9 images by" in err and "1 could not be read" in err
    assert f"{pictures / 'broken.png'}: it is" in err
    rows = list(csv.DictReader(out.open()))
    assert list(rows[0]) == [
        "path", "label", "probability", *(f"p.{n}" for n in CLASSES), "error"
    ]  # fmt: skip
    assert len(rows) == 10
    for row in rows[:-1]:
        name = Path(row["path"]).stem
        assert row["label"] == ("red" if name == "=cmd" else name) and row["error"] == ""
        assert sum(float(row[f"p.{each}"]) for each in CLASSES) == pytest.approx(1, abs=1e-5)
    assert rows[-1]["label"] == "" and rows[-1]["error"]


def test_without_a_file_the_table_goes_to_standard_output(
    line: Line, folder: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pictures)
    status, said, _ = line("predict", folder, "red.png", "=cmd.png", "red.png", "--top", 3)
    assert status == 0
    rows = list(csv.reader(io.StringIO(said)))
    assert rows[0] == [
        "path", "label", "probability", "label_2", "probability_2", "label_3", "probability_3",
        "error",
    ]  # fmt: skip
    # A file that is named twice is asked about once; a formula is none any more.
    assert [row[0] for row in rows[1:]] == ["red.png", "'=cmd.png"]
    assert rows[1][1] == "red" and [float(p) for p in rows[1][2:7:2]] == sorted(
        (float(p) for p in rows[1][2:7:2]), reverse=True
    )


def test_json(line: Line, folder: Path, pictures: Path) -> None:
    status, said, _ = line("predict", folder, pictures, "--json", "--top", 2, "--all")
    assert status == 1
    found = json.loads(said)
    check("orchestrator predict MODEL PATH... --json", found)
    assert found["classes"] == list(CLASSES) and len(found["images"]) == 9
    for image in found["images"]:
        assert image["top"][0] == {"label": image["label"], "probability": image["probability"]}
        assert image["probability"] == max(image["probabilities"].values())
    assert [Path(each["path"]).name for each in found["failed"]] == ["broken.png"]


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("{folder}", "{empty}"), 2, "files that end in .png"),
        (("{folder}", "{folder}/none.png"), 1, "No such file"),
        (("{folder}", "{empty}", "--out", "{empty}"), 2, "--out names a file"),
        (("{folder}", "{empty}", "--out", "{empty}/no/labels.csv"), 2, "a folder that there is"),
        (("{folder}", "x.png", "--device", "tpu"), 2, "cpu, cuda"),
        (("{folder}", "x.png", "--top", "0"), 2, "top"),
        (("{empty}", "x.png"), 2, "holds a file MLmodel"),
        (("not/a/model", "x.png"), 2, "A model is NAME@ALIAS"),
        pytest.param(  # imports MLflow
            ("nobody@champion", "x.png", "--tracking-uri", "sqlite:///{empty}/m.db"),
            1,
            "no such",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_wrong_use_is_told(
    line: Line, folder: Path, tmp_path: Path, arguments: tuple[str, ...], status: int, says: str
) -> None:
    told = [each.format(folder=folder, empty=tmp_path) for each in arguments]
    found, said, err = line("predict", *told)
    assert found == status and says in err
    assert "Traceback" not in err and "bug" not in err
    assert not list(tmp_path.iterdir())
    assert said == "" or found == 1


def test_a_loaded_model_answers_arrays(colours: LoadedClassifier) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    expected_NK = colour_logits(images)
    np.testing.assert_allclose(colours.logits(images), expected_NK, atol=1e-4)
    np.testing.assert_allclose(colours.logits(images.transpose(0, 3, 1, 2)), expected_NK, atol=1e-4)
    probabilities_NK = colours.predict(images)
    assert probabilities_NK.dtype == np.float32
    np.testing.assert_allclose(
        probabilities_NK, scipy.special.softmax(expected_NK, axis=1), atol=1e-5
    )
    np.testing.assert_array_equal(colours.predict(images[:1]), probabilities_NK[:1])
    assert colours.predict(images[:0]).shape == (0, 4)
    assert (colours.classes, colours.input_hint, colours.version) == (CLASSES, 8, None)


def test_images_of_another_size_are_cut_and_resized_as_the_data_was(
    colours: LoadedClassifier,
) -> None:
    wide_NHWC = np.zeros((1, 8, 24, 3), np.uint8)
    wide_NHWC[:, :, 8:16, 2] = 255  # the middle square is blue, the rest dark
    assert CLASSES[colours.predict(wide_NHWC).argmax()] == "blue"
    assert CLASSES[colours.logits(wide_NHWC).argmax()] == "blue"
    expected_NK = colours.predict(np.ascontiguousarray(wide_NHWC[:, :, 8:16]))
    np.testing.assert_allclose(colours.predict(wide_NHWC), expected_NK, atol=1e-6)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((8, 8, 3), np.uint8),
        np.zeros((1, 3, 8, 8), np.uint8),
        np.zeros((1, 8, 8, 3), np.float32),
        np.zeros((1, 0, 8, 3), np.uint8),
    ],
)
def test_arrays_that_are_no_images(colours: LoadedClassifier, images: np.ndarray) -> None:
    with pytest.raises(UsageError, match="uint8"):
        colours.predict(images)


def test_what_the_net_does_not_take_is_told(colours: LoadedClassifier) -> None:
    for images in (np.zeros((1, 8, 8, 4), np.uint8), np.zeros((1, 8, 8, 3), np.int64)):
        with pytest.raises(UsageError, match="uint8"):
            colours.logits(images)

    def broken(images: np.ndarray) -> np.ndarray:
        raise RuntimeError("out of memory")

    with pytest.raises(TrialFailed, match="does not take these images: out of memory"):
        replace(colours, answer=broken).logits(np.zeros((1, 8, 8, 3), np.uint8))
