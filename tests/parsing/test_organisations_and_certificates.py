"""Credit codes of organisations (GB 32100) and disability certificates, which hold an ID number."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.district.models import Column, Contract
from courtyard.parsing import identifiers
from courtyard.parsing.cells import Typed
from courtyard.parsing.seal import COLUMNS, Sealer
from courtyard.parsing.tables import ParsedTable
from courtyard.privacy.keys import KINDS, KeyRing

CODE = "91110000600037341L"
HOLDER = "11010519491231002X"
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize(
    "cell", [CODE, CODE.lower(), "9111 0000 6000 3734 1L", "９１１１００００６０００３７３４１Ｌ", f"'{CODE}"]
)
def test_a_credit_code_is_read_in_all_its_spellings(cell):
    assert identifiers.credit_code(cell) == (CODE, None)


@pytest.mark.parametrize(
    ("cell", "outcome"),
    [
        ("无", (None, None)),
        ("—", (None, None)),
        (CODE[:15], (None, "credit.length")),
        ("91110000600037341M", (None, "credit.checksum")),
        ("9111000060003734OL", (None, "credit.checksum")),
        (Typed("number", "911100006000373000"), (None, "text.numeric_cell")),
    ],
)
def test_what_is_no_credit_code_is_told(cell, outcome):
    assert identifiers.credit_code(cell) == outcome


@given(st.integers(0, 16), st.sampled_from(SIGNS))
def test_one_wrong_sign_is_always_noticed(at, sign):
    wrong = CODE[:at] + sign + CODE[at + 1 :]
    assert identifiers.credit_code(wrong) == ((CODE, None) if wrong == CODE else (None, "credit.checksum"))


@given(st.text(SIGNS, min_size=17, max_size=17))
def test_every_code_with_its_own_check_sign_holds(body):
    code = body + identifiers.credit_check(body)
    assert identifiers.credit_code(code) == (code, None)


@pytest.mark.parametrize(
    ("cell", "outcome"),
    [
        (f"{HOLDER}43", (f"{HOLDER}43", None)),
        (f"{HOLDER.lower()}43B1", (f"{HOLDER}43", None)),
        (f"{HOLDER[:6]} {HOLDER[6:14]} {HOLDER[14:]}43", (f"{HOLDER}43", None)),
        ("无", (None, None)),
        (HOLDER, (None, "disability.format")),
        (f"{HOLDER}83", (None, "disability.format")),
        (f"{HOLDER}45", (None, "disability.format")),
        (f"{HOLDER[:17]}143", (None, "id.checksum")),
        (f"{HOLDER[:6]}********002X43", (None, "disability.format")),
        (Typed("number", "11010519491231000000"), (None, "id.numeric_cell")),
    ],
)  # fmt: skip
def test_a_certificate_is_an_id_number_a_category_and_a_grade(cell, outcome):
    value, problem = identifiers.disability_no(cell)
    assert (value, "disability.format" if problem == "id.masked" else problem) == outcome


def test_a_certificate_is_sealed_and_matched_by_its_holders_number():
    columns = (
        Column(name="disability_no", header="残疾人证号", type="disability_no", role="id_number"),
        Column(name="name", header="姓名", type="person_name", role="name"),
    )
    contract = Contract(
        dataset="d", title="残疾人", version=1, format="rows", grain="entity", subject="person",
        key=(("disability_no",),), columns=columns,
    )  # fmt: skip
    ring = KeyRing({f"{kind}-1": kind.encode().ljust(32, b".") for kind in KINDS})
    block = ParsedTable("d", "", row_nos=[2], columns={"disability_no": [f"{HOLDER}43"], "name": ["样例甲"]})
    (values,) = Sealer(contract, ring, "b", "2026Q3").rows("", block)
    row = dict(zip(COLUMNS, values, strict=True))
    assert row["id_token"] == ring.token(HOLDER)
    assert (row["id_birth_date"], row["id_sex"]) == ("1949-12-31", "2")
    assert HOLDER not in json.dumps(row, ensure_ascii=False)
    sealed = json.loads(row["sealed"])["disability_no"]
    assert ring.open(sealed, f"d/{row['record_key']}/disability_no") == f"{HOLDER}43"
