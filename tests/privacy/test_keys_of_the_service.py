"""The keys of the residents' service: its own, sealed bytes, and the secret it shares with the pipeline."""

from __future__ import annotations

import pytest

from courtyard.errors import KeyMissing
from courtyard.privacy import keys


def test_sealed_bytes_open_for_their_subject_only(tmp_path):
    keys.create(tmp_path)
    ring = keys.load_intake(tmp_path)
    sealed = ring.seal_bytes(b"picture", "F1")
    assert b"picture" not in sealed
    assert ring.open_bytes(sealed, "F1") == b"picture"
    with pytest.raises(KeyMissing):
        ring.open_bytes(sealed, "F2")


def test_the_pipelines_key_is_made_once_and_is_the_owners(tmp_path):
    keys.create(tmp_path)
    made = keys.pipeline_key(tmp_path)
    assert len(made) >= 32
    assert keys.pipeline_key(tmp_path) == made
    assert (tmp_path / "intake/pipeline-key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in (tmp_path / "intake").iterdir()) == [
        "match-1.key",
        "pipeline-key",
        "seal-1.key",
    ]


def test_without_the_services_keys_there_is_none(tmp_path):
    with pytest.raises(KeyMissing):
        keys.pipeline_key(tmp_path)
