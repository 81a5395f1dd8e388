"""Sealing: tokens and sealed values in the place of ID numbers and phones, keys and hashes."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.parsing.seal import COLUMNS, Sealer, canonical, reference
from courtyard.parsing.tables import ParsedTable
from courtyard.privacy.keys import KINDS, KeyRing

from .made import ID, contract

RING = KeyRing({f"{kind}-1": bytes([n]) * 32 for n, kind in enumerate(KINDS)})


def sealed(dataset, *rows, period="2026Q3", sealer=None):
    columns = {c.name: [row.get(c.name) for row in rows] for c in contract(dataset).columns if not c.volatile}
    block = ParsedTable(dataset, "", row_nos=list(range(2, len(rows) + 2)), columns=columns)
    made = (sealer or Sealer(contract(dataset), RING, "batch", period)).rows("表", block)
    return [dict(zip(COLUMNS, row, strict=True)) for row in made]


PERSON = {
    "person_no": "P1", "name": "王小明", "sex": "2", "id_number": ID, "household_no": "H1", "residence_type": "hukou",
    "address": "四道街2号院", "phone": "13800001234、13900005678", "status": "resident", "split_residence": False,
}  # fmt: skip


def test_a_row_holds_tokens_where_the_numbers_were():
    (row,) = sealed("population", PERSON)
    attrs = json.loads(row["attrs"])
    assert attrs["id_number"] == row["id_token"] == RING.token(ID)
    assert attrs["phone"] == row["phone_token"] == RING.token("13800001234")
    assert "birth_date" not in attrs and attrs["split_residence"] is False
    assert (row["record_key"], row["sex"], row["household_no"], row["address"]) == ("P1", "2", "H1", "四道街2号院")
    assert (row["birth_date"], row["id_birth_date"], row["id_sex"]) == ("1949-12-31", "1949-12-31", "2")
    assert ID not in str(row) and "13800001234" not in str(row)


def test_sealed_values_open_for_their_record_only():
    (row,) = sealed("population", PERSON)
    found = json.loads(row["sealed"])
    assert RING.open(found["id_number"], "population/P1/id_number") == ID
    assert RING.open(found["phone"], "population/P1/phone") == "13800001234、13900005678"
    with pytest.raises(Exception, match="does not belong"):
        RING.open(found["phone"], "population/P2/phone")


def test_a_row_without_a_key_has_nothing_sealed():
    (row,) = sealed("population", PERSON | {"person_no": None})
    assert row["record_key"] is None and row["sealed"] == "{}"


def test_the_first_filled_alternative_is_the_key_and_persons_in_it_become_a_token():
    named = {"name": "王小明", "courtyard": "宽巷子12号院", "activist_kind": "mediator"}
    by_id, by_name, by_none = sealed("grid_activists", named | {"id_number": ID}, named, {"name": "王小明"})
    assert by_id["record_key"] == RING.token(ID)
    assert by_name["record_key"] == RING.token("王小明/宽巷子12号院/mediator")
    assert by_none["record_key"] is None


def test_facts_of_a_period_carry_it_in_their_key():
    (row,) = sealed("dibao_register", {"benefit_no": "D1", "name": "张三"}, period="2026-07")
    assert row["record_key"] == "2026-07/" + RING.token("D1/张三")


def test_the_birth_date_written_wins_over_the_one_in_the_number():
    (row,) = sealed("population", PERSON | {"birth_date": "1950-01"})
    assert (row["birth_date"], row["id_birth_date"]) == ("1950-01", "1949-12-31")


def test_a_passport_tells_neither_birth_nor_sex():
    (row,) = sealed("population", PERSON | {"id_number": "E12345678"})
    assert (row["birth_date"], row["id_sex"], row["id_token"]) == (None, None, RING.token("E12345678"))


def test_who_left_is_not_active():
    there, gone, unsaid = (
        row["is_active"]
        for row in sealed("population", PERSON, PERSON | {"status": "moved_out"}, PERSON | {"status": None})
    )
    assert (there, gone, unsaid) == (True, False, False)
    assert sealed("dibao_register", {})[0]["is_active"] is True


def test_a_record_that_comes_again_is_remarked_on_across_blocks():
    sealer = Sealer(contract("population"), RING, "batch", "2026Q3")
    first, again = sealed("population", PERSON, PERSON, sealer=sealer)
    (third,) = sealed("population", PERSON, sealer=sealer)
    assert [json.loads(r["problems"]) for r in (first, again, third)] == [
        [], [{"column": None, "code": "record.repeated", "cell": None}], [{"column": None, "code": "record.repeated", "cell": None}],
    ]  # fmt: skip


UNIT = "510105005002001"


def referred(*rows, unit=UNIT):
    """Rows of 居民骨干 with their references, and the problems that sealing finds in them."""
    kept = [c.name for c in contract("grid_activists").columns if not c.volatile or c.role == "record_ref"]
    block = ParsedTable("grid_activists", "", row_nos=list(range(5, len(rows) + 5)))
    block.columns = {name: [row.get(name) for row in rows] for name in kept}
    sealer = Sealer(contract("grid_activists"), RING, "batch", "2026Q3", unit)
    found = [dict(zip(COLUMNS, row, strict=True)) for row in sealer.rows("居民骨干", block)]
    return found, [(p.row_no, p.code) for p in block.problems]


NAMED = {"name": "王小明", "courtyard": "宽巷子12号院", "activist_kind": "mediator"}
REF = reference(RING, "grid_activists", UNIT, "kept", NAMED["name"])


def test_a_reference_keeps_the_record_whose_id_number_was_corrected():
    found, problems = referred(NAMED | {"id_number": ID, "record_ref": REF}, NAMED | {"record_ref": f" {REF} "})
    assert [row["record_key"] for row in found] == ["kept", "kept"] and problems == [(6, "record.repeated")]
    assert RING.open(json.loads(found[0]["sealed"])["id_number"], "grid_activists/kept/id_number") == ID


@pytest.mark.parametrize("ref", ["kept", "kept.", ".12345678", "other" + REF[4:], REF[:-1], reference(RING, "grid_dibao", UNIT, "kept", "王小明"), reference(RING, "grid_activists", "510105005002002", "kept", "王小明")])  # fmt: skip
def test_a_reference_that_was_changed_or_issued_for_others_is_not_believed(ref):
    (row,), problems = referred(NAMED | {"id_number": ID, "record_ref": ref})
    assert row["record_key"] == RING.token(ID) and problems == [(5, "record.ref_invalid")]


def test_a_reference_beside_another_name_is_not_believed():
    """Cells sorted without the hidden column, or somebody new typed over a former row."""
    (row,), problems = referred(NAMED | {"name": "李小红", "id_number": ID, "record_ref": REF})
    assert row["record_key"] == RING.token(ID) and problems == [(5, "record.ref_invalid")]


def test_a_new_name_under_the_same_id_number_is_the_same_record_without_a_word():
    own = reference(RING, "grid_activists", UNIT, RING.token(ID), NAMED["name"])
    (row,), problems = referred(NAMED | {"name": "王晓明", "id_number": ID, "record_ref": own})
    assert row["record_key"] == RING.token(ID) and problems == []


def test_references_are_neither_kept_nor_hashed():
    (with_ref,), _ = referred(NAMED | {"record_ref": REF})
    (without,), problems = referred(NAMED)
    assert with_ref["attrs"] == without["attrs"] and with_ref["row_hash"] == without["row_hash"] and problems == []
    assert REF not in str(with_ref)


values = st.dictionaries(
    st.sampled_from(["name", "address", "hukou_address", "relation"]),
    st.text(min_size=1).filter(lambda t: t.isprintable()),
)


@given(values)
def test_attributes_are_canonical_json_and_the_hash_is_of_them(given):
    (row,) = sealed("population", given)
    assert row["attrs"] == canonical(given)
    assert row["row_hash"] == hashlib.md5(row["attrs"].encode()).hexdigest()


def test_equal_rows_have_equal_hashes_whatever_the_sealing():
    one, two = sealed("population", PERSON)[0], sealed("population", PERSON)[0]
    assert one["row_hash"] == two["row_hash"] and one["sealed"] != two["sealed"]
