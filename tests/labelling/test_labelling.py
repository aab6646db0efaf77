"""Sheets out, sheets in: images for people to label, and what was labelled as `folder:` data."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from json_keys import check
from PIL import Image

from orchestrator.cli.app import main
from orchestrator.labelling import collect_labels, next_to_label
from orchestrator.labelling.photos import find_photos
from orchestrator.labelling.sheet import SheetRow, read_sheets, write_sheet
from search_spaces.errors import UsageError
from trainables.data import load

COLOURS = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200)}
# MobileNet with random weights at 32 px tells plain colours apart.
BODY = {"backbone": "mobilenet_v2", "weights": "random", "input_size": 32, "precision": "float32"}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """36 noisy images in three colours, some in folders, and files that are none."""
    root = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(36):
        colour = list(COLOURS)[number % 3]
        pixels = np.clip(rng.normal(COLOURS[colour], 25, (24, 24, 3)), 0, 255).astype(np.uint8)
        folder = root / ("", "more", "more/deep")[number % 2 + number % 5 // 4]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    (root / "notes.txt").write_text("no image")
    (root / ".hidden").mkdir()
    (root / ".hidden" / "x.png").write_bytes(b"")
    return root


def colour(file: str) -> str:
    """What a person would say of it."""
    return list(COLOURS)[int(Path(file).stem) % 3]


def fill_in(sheet: Path, count: int | None = None) -> None:
    """As a person does, with a spreadsheet that writes semicolons and a byte order mark."""
    rows = list(csv.DictReader(sheet.open(newline="")))
    for row in rows[:count]:
        row["label"] = f" {colour(row['file'])} "
    with sheet.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def test_rounds_of_labelling_end_in_a_folder_that_a_search_reads(images, tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    batch = next_to_label(images, first, budget=6, **BODY)
    assert (batch.images, batch.labelled, batch.classes) == (36, 0, {})
    assert batch.subset == "typiclust" and len({row.file for row in batch.rows}) == 6
    assert {row.label + row.prediction for row in batch.rows} == {""}
    fill_in(first, 5)  # one is left open
    again = next_to_label(images, second, budget=8, labels=[first], **BODY)
    assert again.labelled == 5 and sum(again.classes.values()) == 5
    assert again.subset == "margin:batch=8"
    labelled = set(read_sheets([first]))
    assert not labelled & {row.file for row in again.rows}
    assert {row.prediction for row in again.rows} <= set(again.classes)
    assert all(1 / 3 <= float(row.probability) <= 1 for row in again.rows)
    assert [row["file"] for row in csv.DictReader(second.open(newline=""))] == [
        row.file for row in again.rows
    ]
    fill_in(second)
    found = collect_labels(images, tmp_path / "out", labels=[first, second])
    assert (found.new, found.moved, sum(found.classes.values())) == (13, 0, 13)
    data = load(f"folder:{tmp_path / 'out'}", image_size=24)
    assert set(data.classes) == set(found.classes)
    assert len(data.labels_N) + data.test_count == 13


def test_predictions_are_right_where_it_is_easy(images, tmp_path):
    sheet = tmp_path / "labelled.csv"
    files = find_photos(images).files
    write_sheet([SheetRow(file, colour(file)) for file in files[:18]], sheet)
    batch = next_to_label(images, tmp_path / "n.csv", budget=18, labels=[sheet], **BODY)
    assert sum(row.prediction == colour(row.file) for row in batch.rows) >= 16


def test_a_label_that_was_changed_moves_its_copy(images, tmp_path):
    sheet, into = tmp_path / "s.csv", tmp_path / "out"
    files = find_photos(images).files[:4]
    rows = [SheetRow(file, label) for file, label in zip(files, "aabb", strict=True)]
    write_sheet(rows, sheet)
    assert collect_labels(images, into, labels=[sheet]).new == 4
    assert collect_labels(images, into, labels=[sheet]).new == 0
    sheet.unlink()
    write_sheet([*rows[:3], SheetRow(files[3], "a")], sheet)
    found = collect_labels(images, into, labels=[sheet])
    assert (found.new, found.moved, found.classes) == (0, 1, {"a": 3, "b": 1})
    assert sorted(len(list(folder.iterdir())) for folder in into.iterdir()) == [1, 3]
    for file in files:  # originals stay
        assert (images / file).exists()


def sheet_of(tmp_path: Path, *rows: tuple[str, str], name: str = "s.csv") -> Path:
    write_sheet([SheetRow(*row) for row in rows], tmp_path / name)
    return tmp_path / name


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("00.png", "a"), ("00.png", "b")], "one label; '00.png' has two"),
        ([("no.png", "a"), ("00.png", "b")], "no image of .*'no.png'"),
        ([("00.png", "a")], "two classes at least"),
        ([("00.png", "a"), ("06.png", "../b")], "fit to name a folder"),
        ([("00.png", "a"), ("06.png", "test")], "fit to name a folder"),
        ([], "two classes at least"),
    ],
)
def test_sheets_that_will_not_do(images, tmp_path, rows, said):
    with pytest.raises(UsageError, match=said):
        collect_labels(images, tmp_path / "out", labels=[sheet_of(tmp_path, *rows)])
    assert not (tmp_path / "out").exists()


def test_a_sheet_that_is_none(images, tmp_path):
    (tmp_path / "bad.csv").write_text("name,class\nx,y\n")
    with pytest.raises(UsageError, match=r"columns file and label.*name, class"):
        read_sheets([tmp_path / "bad.csv"])
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "bytes.csv", tmp_path / "absent.csv", tmp_path):
        with pytest.raises(UsageError, match="readable CSV"):
            read_sheets([path])


def test_a_sheet_with_somebodys_work_is_not_replaced(images, tmp_path):
    sheet = sheet_of(tmp_path, ("00.png", "mine"))
    with pytest.raises(UsageError, match="does not replace"):
        next_to_label(images, sheet, **BODY)
    assert "mine" in sheet.read_text()


@pytest.mark.parametrize(
    ("subset", "said"),
    [
        ("tomek", "needs the labels of all images"),
        ("margin", "labelled images of two classes to begin with.*typiclust"),
        ("nonsense", "no subset strategy"),
    ],
)
def test_strategies_that_will_not_do_are_told_at_once(images, tmp_path, subset, said):
    with pytest.raises(UsageError, match=f"(?s){said}"):
        next_to_label(images, tmp_path / "s.csv", subset=subset, **BODY)


def test_folders_that_will_not_do(images, tmp_path):
    for folder, said in ((tmp_path / "absent", "exists"), (tmp_path, "must hold images")):
        with pytest.raises(UsageError, match=said):
            find_photos(folder)
    sheet = sheet_of(tmp_path, ("00.png", "a"), ("06.png", "b"))
    with pytest.raises(UsageError, match="must not lie among the images"):
        collect_labels(images, images / "out", labels=[sheet])


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no png")
    with pytest.raises(UsageError, match=r"readable PNG or JPEG.*broken\.png"):
        next_to_label(tmp_path, tmp_path / "s.csv", budget=1, **BODY)


@pytest.mark.parametrize("subset", ["random", "first", "coreset", "herding", "typiclust"])
def test_any_strategy_goes_on_from_what_is_labelled(images, tmp_path, subset):
    done = sheet_of(tmp_path, *((file, "a") for file in find_photos(images).files[:3]))
    batch = next_to_label(
        images, tmp_path / "n.csv", budget=5, labels=[done], subset=subset, **BODY
    )
    assert len({row.file for row in batch.rows} - set(read_sheets([done]))) == 5


def test_the_command_line_says_the_same(images, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = sheet_of(tmp_path, *((file, colour(file)) for file in find_photos(images).files[:9]))
    line = ["label", "next", str(images), "--budget", "3", "--subset", "random"]
    assert main([*line, "--labels", str(done), "--backbone", "nonsense"]) == 2
    assert "no backbone 'nonsense'" in capsys.readouterr().err
    assert main(["label", "collect", str(images), "--labels", str(done), "--json"]) == 0
    collected = json.loads(capsys.readouterr().out)
    check("orchestrator label collect IMAGES --json", collected)
    assert collected["new"] == 9 and Path(collected["folder"]).name == "labelled"
    assert main(["label", "collect", str(images), "--labels", str(done)]) == 0
    assert "0 new" in capsys.readouterr().out
    assert main(["label", "collect", str(images)]) == 2


@pytest.mark.slow
@pytest.mark.needs("wheels")
def test_the_command_line_chooses(images, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = ["label", "next", str(images), "--budget", "3", "--input-size", "64"]
    assert main([*line, "--json"]) == 0
    chosen = json.loads(capsys.readouterr().out)
    check("orchestrator label next IMAGES --json", chosen)
    assert chosen["sheet"] == "to_label.csv" and len(chosen["rows"]) == 3
    assert main(line) == 2  # the sheet is there
    assert main([*line, "--out", "other.csv"]) == 0
    assert "orchestrator label next" in capsys.readouterr().out
