import shutil
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.errors import KeyMissing
from courtyard.privacy import keys

RING = keys.KeyRing({f"{kind}-1": bytes([n]) * 32 for n, kind in enumerate(keys.KINDS)})


@given(st.text(), st.text())
def test_what_is_sealed_opens_for_its_subject(value, subject):
    assert RING.open(RING.seal(value, subject), subject) == value


def test_a_ciphertext_swapped_to_another_record_does_not_open():
    sealed = RING.seal("11010519491231002X", "population/1/id_number")
    with pytest.raises(KeyMissing):
        RING.open(sealed, "population/2/id_number")


def test_tokens_are_equal_for_equal_values_and_depend_on_the_key():
    other = keys.KeyRing({**RING.secrets_by_name, "match-1": b"x" * 32})
    assert RING.token("a") == RING.token("a") != RING.token("b")
    assert RING.token("a") != other.token("a")


def test_keys_are_private_and_made_once(tmp_path):
    folder = tmp_path / "keys"
    assert keys.create(folder)
    first = keys.load(folder)
    assert not keys.create(folder)
    assert keys.load(folder) == first
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.rglob("*.key")} == {0o600}


def test_the_intake_service_has_keys_of_its_own_also_in_an_older_installation(tmp_path):
    keys.create(tmp_path)
    first = keys.load_intake(tmp_path)
    assert stat.S_IMODE((tmp_path / "intake").stat().st_mode) == 0o700
    assert not {*first.secrets_by_name.values()} & {*keys.load(tmp_path).secrets_by_name.values()}
    shutil.rmtree(tmp_path / "intake")
    keys.create(tmp_path)
    assert keys.load_intake(tmp_path) != first


def test_a_lost_key_is_not_made_again_in_silence(tmp_path):
    keys.create(tmp_path)
    (tmp_path / "match-1.key").unlink()
    with pytest.raises(KeyMissing, match="match"):
        keys.create(tmp_path)
