"""The same seed gives the same bytes; what is there already is left alone."""

import hashlib
import json
import shutil

import pytest

from courtyard.errors import UsageError
from courtyard.sample import generate


def _hashes(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes_and_times(sample, make_sample):
    again = make_sample()
    assert _hashes(again.out) == _hashes(sample.out)
    assert _hashes(again.truth_folder) == _hashes(sample.truth_folder)
    times = {p.name: p.stat().st_mtime for p in sample.out.rglob("*.xlsx")}
    assert {p.name: p.stat().st_mtime for p in again.out.rglob("*.xlsx")} == times
    assert len(times) > 390


def test_a_street_that_is_there_is_left_alone_and_another_replaces_it_whole(district, make_sample):
    made = make_sample(scale=0.002)
    marker = made.out / "inbox" / "kept"
    marker.write_text("x")
    assert generate(district, made.out, made.truth_folder, scale=0.002).skipped and marker.exists()
    told = []
    summary = generate(district, made.out, made.truth_folder, scale=0.003, progress=told.append)
    assert not summary.skipped and not marker.exists()
    assert json.loads((made.out / "SAMPLE.json").read_text())["scale"] == 0.003
    assert not list(made.out.parent.glob("*.part"))
    assert [line[:6] for line in told if "Q" in line[:6]] == ["2025Q4", "2026Q1", "2026Q2", "2026Q3"]


def test_a_street_without_its_truth_is_made_again(district, make_sample):
    made = make_sample(scale=0.002)
    shutil.rmtree(made.truth_folder)
    assert not generate(district, made.out, made.truth_folder, scale=0.002).skipped
    assert made.truth("persons")


def test_a_scale_of_zero_is_refused(district, tmp_path):
    with pytest.raises(UsageError, match="scale"):
        generate(district, tmp_path / "out", tmp_path / "truth", scale=0)
    assert not list(tmp_path.iterdir())
