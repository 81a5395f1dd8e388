import hashlib
import stat
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from courtyard.errors import CourtyardError, KeyMissing
from courtyard.landing import vault
from courtyard.privacy import keys
from courtyard.settings import Settings

RING = keys.KeyRing({f"{kind}-1": bytes([n]) * 32 for n, kind in enumerate(keys.KINDS)})
AT = datetime(2026, 7, 1, 0, 0, 0, 123, tzinfo=UTC)


class At:
    """What opening needs."""

    keys = RING

    def __init__(self, folder):
        self.settings = Settings(var=folder, district_path=folder, keys=folder)


def sealed(at, data, **changes):
    """Seal bytes; returns their ledger row and file."""
    sha256 = hashlib.sha256(data).hexdigest()
    key_id, wrapped = vault.new_key(RING, vault.delivery_id("books", sha256))
    values = {
        "delivery_id": vault.delivery_id("books", sha256), "street_code": "510105005", "source": "books",
        "period": "2026Q3", "unit_code": None, "name": "甲.xlsx", "sha256": sha256, "size_bytes": len(data),
        "media_type": "text/plain", "version_at": AT, "received_at": AT, "key_id": key_id, "wrapped_key": wrapped,
    }  # fmt: skip
    header = vault.Header(**(values | changes))
    vault.write(at.settings, RING, header, data)
    return header.row(), at.settings.landing / header.sealed_name


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(data=st.binary(max_size=2000))
def test_what_was_sealed_opens_and_its_header_reads_back(tmp_path, data):
    at = At(tmp_path)
    row, path = sealed(at, data)
    assert vault.open_delivery(at, row) == data
    assert vault.adoptable(at.settings, RING, path).row() == row


def test_a_sealed_file_shows_nothing_and_is_private(tmp_path):
    _, path = sealed(At(tmp_path), b"in plain sight" * 100)
    assert b"plain sight" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "landing").stat().st_mode) == 0o700


def test_any_flipped_bit_stops_the_use(tmp_path):
    at = At(tmp_path)
    row, path = sealed(at, b"precious")
    raw = path.read_bytes()
    for place in range(len(raw)):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        with pytest.raises(CourtyardError, match="已停用"):
            vault.open_delivery(at, row)
        with pytest.raises(CourtyardError):
            vault.adoptable(at.settings, RING, path)
    path.write_bytes(raw)
    assert vault.open_delivery(at, row) == b"precious"


@pytest.mark.parametrize("length", [0, 5, 19, 60, -1])
def test_a_truncated_file_stops_the_use(tmp_path, length):
    at = At(tmp_path)
    row, path = sealed(at, b"precious")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CourtyardError, match="已停用"):
        vault.open_delivery(at, row)


def test_two_sealed_files_cannot_be_swapped(tmp_path):
    at = At(tmp_path)
    (one, path), (_, other) = sealed(at, b"one"), sealed(at, b"two")
    path.write_bytes(other.read_bytes())
    with pytest.raises(CourtyardError):
        vault.open_delivery(at, one)


def test_bytes_that_are_not_what_the_ledger_says_are_not_used(tmp_path):
    at = At(tmp_path)
    row, _ = sealed(at, b"one", sha256="0" * 64)
    with pytest.raises(CourtyardError, match="已停用"):
        vault.open_delivery(at, row)


def test_a_missing_file_says_which_delivery(tmp_path):
    at = At(tmp_path)
    row, path = sealed(at, b"one")
    path.unlink()
    with pytest.raises(CourtyardError, match=row["delivery_id"]):
        vault.open_delivery(at, row)


def test_after_its_key_is_destroyed_a_delivery_stays_shut(tmp_path):
    at = At(tmp_path)
    row, _ = sealed(at, b"one")
    at.keys = keys.KeyRing({k: v for k, v in RING.secrets_by_name.items() if k != "landing-1"})
    with pytest.raises(KeyMissing):
        vault.open_delivery(at, row)


def test_the_same_bytes_sealed_twice_share_no_ciphertext(tmp_path):
    at = At(tmp_path)
    _, path = sealed(at, b"one" * 100)
    first = path.read_bytes()
    sealed(at, b"one" * 100)
    assert first[-100:] != path.read_bytes()[-100:]
