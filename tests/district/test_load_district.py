import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from courtyard.district import load_district
from courtyard.errors import PackError

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file.name}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems(pack: Path) -> list[str]:
    with pytest.raises(PackError) as caught:
        load_district(pack)
    return str(caught.value).splitlines()


def test_the_small_pack_is_right_before_a_test_breaks_it(small_pack):
    district = load_district(small_pack)
    assert [c.door for c in district.courtyards] == ["1号", "1号附3号", "5号"]
    assert district.units[2].valid_to.isoformat() == "2025-10-01"
    assert district.aliases[1].valid_to is None


BROKEN_YAML = [
    ("district.yaml", "city: 成都市", "citty: 成都市", "1: city: this key is missing. Add it."),
    ("district.yaml", "city: 成都市", "citty: 成都市", "5: citty: unknown key. Correct its spelling or remove it."),
    ("district.yaml", '"510107001"', "510107001", "1: street_code: must be text. Put the value in quotes."),
    ("district.yaml", "0.05", "1.5", "10: shrink_hold_share: input should be less than 1. Correct the value."),
    (
        "district.yaml",
        "city: 成都市",
        "name: 成都市",
        "5: name: this key already stands on line 2. Keep one of the two.",
    ),
    ("district.yaml", "510107001", "510107009", "1: street_code: is not the one street of units.csv."),
    ("sources/civil.yaml", "transport: sql", "transport: fax", "4: transport: must be 'sql', 'rest',"),
    ("sources/civil.yaml", "0 6 3 * *", "every morning", "7: schedule: is not a cron expression. Write five fields"),
    ("sources/civil.yaml", "[register]", "[register, nothing]", "8: datasets[1]: there is no contract 'nothing'."),
    ("sources/civil.yaml", "source: civil", "source: civic", "1: source: differs from the file's name civil."),
    ("sources/civil.yaml", "title: 登记", "title: [登记", "3: file: not valid YAML ("),
    ("contracts/register.yaml", "type: date}\nrules", "type: day}\nrules", "14: columns[4].type: must be 'text',"),
    (
        "contracts/register.yaml",
        "codes: status",
        "codes: state",
        "12: columns[2].codes: there is no code list 'state'.",
    ),
    (
        "contracts/register.yaml",
        "type: code, codes: status",
        "type: code",
        "12: columns[2]: a column of type code names",
    ),
    ("contracts/register.yaml", "header: zt", "header: 姓名", "12: columns[2]: '姓名' already names the column name."),
    (
        "contracts/register.yaml",
        "values: [here]",
        "values: [在册]",
        "8: active.values[0]: '在册' is not a code of status.",
    ),
    (
        "contracts/register.yaml",
        "key: [[number]]",
        "key: [[bh]]",
        "7: key[0][0]: there is no column 'bh'. Name a column",
    ),
    (
        "contracts/register.yaml",
        "key: [[number]]",
        "key: [[no]]",
        "7: key[0][0]: must be text. Put the value in quotes.",
    ),
    ("contracts/register.yaml", "column: status", "column: state", "8: active.column: there is no column 'state'."),
    (
        "contracts/register.yaml",
        "[ended, started]",
        "[ended, begun]",
        "16: rules[0].columns[1]: there is no column 'begun'.",
    ),
    ("contracts/register.yaml", "[ended, started]", "[ended]", "16: rules[0].columns: "),
    ("contracts/register.yaml", "check: not_before", "check: before", "16: rules[0].check: must be "),
    (
        "contracts/register.yaml",
        "1949-10-01",
        "1949-13-01",
        "13: columns[3].earliest: no such value (month must be in 1..12).",
    ),
    (
        "contracts/register.yaml",
        "name: ended",
        "name: name",
        "14: columns[4]: 'name' stands twice. Rename one of the two.",
    ),
    ("codes/status.yaml", "[离开, 注销]", "[离开, 在册]", "6: values.0[1]: '在册' already stands for the code here."),
    ("codes/status.yaml", '"0":', "0:", "6: values[0]: must be text. Put the value in quotes."),
    ("codes/status.yaml", "[在册]", "[]", "5: values.here: has no label. Write at least one."),
    ("codes/status.yaml", "codes: status", "codes: state", "1: codes: differs from the file's name status."),
    ("reports/roster.yaml", "datasets: [register]", "datasets: [x]", "7: datasets[0]: there is no contract 'x'."),
    ("reports/roster.yaml", "roster.sql", "list.sql", "8: sql: there is no file reports/sql/list.sql."),
    (
        "reports/roster.yaml",
        "roster.sql",
        "../sql/roster.sql",
        "8: sql: there is no file reports/sql/../sql/roster.sql.",
    ),
    (
        "reports/roster.yaml",
        "sql: roster",
        "form: a.xlsx\nsql: roster",
        "8: form: there is no file reports/forms/a.xlsx.",
    ),
    (
        "reports/roster.yaml",
        "sql: roster",
        "birth_window: x\nsql: roster",
        "8: birth_window: no key group 'x' has a birth window.",
    ),
    ("reports/roster.yaml", "codes: status", "codes: x", "13: columns[1].codes: there is no code list 'x'."),
    (
        "reports/roster.yaml",
        "header: 姓名}",
        "header: 姓名, sealed: id}",
        "12: columns[0].sealed: no dataset of this report",
    ),
    ("reports/roster.yaml", "kind: roster", "kind: aggregate", "6: kind: kind aggregate goes with 'facts'"),
    (
        "reports/roster.yaml",
        "sql: roster.sql",
        "sql: roster.sql\ncharts: [{kind: line, title: t, categories: c, values: [v], anchor: A9, sql: x.sql}]",
        "9: charts[0].sql: there is no file reports/sql/x.sql.",
    ),
    (
        "reports/roster.yaml",
        "sql: roster.sql",
        "sql: roster.sql\ncharts: [{kind: column, title: t, categories: name, values: [v], anchor: A9}]",
        "9: charts: charts names unknown column v.",
    ),
    ("reports/roster.yaml", "{street}", "{office}", "10: metadata: metadata has unknown field office."),
    ("rules/key_groups.yaml", "dataset: register", "dataset: x", "1: [0].dataset: there is no contract 'x'."),
    ("rules/key_groups.yaml", "status:", "state:", "1: [0].where.state: there is no column 'state'."),
    ("rules/key_groups.yaml", "[here]", "[gone]", "1: [0].where.status[0]: 'gone' is not a code of status."),
    ("rules/authority.yaml", "[register]", "[register, x]", "1: [0].datasets[1]: there is no contract 'x'."),
    ("rules/authority.yaml", "name,", "sex,", "1: [0].datasets[0]: 'register' has no column sex."),
]

BROKEN_TABLES = [
    ("units.csv", "parent_code,", "parent,", "1: parent: unknown column, or one that stands twice. Remove it."),
    ("units.csv", ",valid_to", "", "1: valid_to: this column is missing. Add it to the header."),
    ("units.csv", "grid,510107001001,2020", "team,510107001001,2020", "4: kind: must be 'street', 'community', 'grid'"),
    ("units.csv", "community,510107001,", "community,510107002,", "3: parent_code: no such unit above a community."),
    ("units.csv", "grid,510107001001002,", "grid,510107001001,", "7: parent_code: no such unit above a micro_grid."),
    ("units.csv", "\n51010700100100201,", "\n51010700100100301,", "7: code: does not begin with its parent's code"),
    ("units.csv", "\n51010700100100201,", "\n5101070010010021,", "7: code: a micro_grid code has 17 digits."),
    ("units.csv", "\n510107001001002,", "\n510107001001001,", "6: code: the same already stands on line 4."),
    ("units.csv", "2020-01-01,2025-10-01\n51", "2020-01-01,2020-01-01\n51", "4: valid_to: is not after valid_from."),
    ("units.csv", "2025-10-01,\n5", "2026-01-01,\n5", "7: valid_from: exists outside the time of 510107001001002."),
    ("units.csv", "2025-10-01,\n5", "2025-10-41,\n5", "6: valid_from: input should be a valid date"),
    ("courtyards.csv", "甲街,5号", "甲街,1号", "4: door: the same already stands on line 2. Keep one of them."),
    ("courtyards.csv", "甲街,5号", "甲街,5号,", "4: row: 14 cells where the header has 13. Check commas and quotes."),
    ("courtyards.csv", "甲街,5号", ",5号", "4: road: this cell is empty. Fill it in."),
    ("courtyards.csv", "104.05,30.64", "30.64,104.05", "2: lon: input should be greater than or equal to 73."),
    ("courtyards.csv", "104.05,30.64", "104.05,nan", "2: lat: input should be "),
    ("courtyards.csv", ",40,1990", ",forty,1990", "2: households: input should be a valid integer"),
    ("courtyards.csv", "甲街1号院,5101070", "甲街1号院,5101079", "2: micro_grid_code: there is no such micro-grid."),
    ("courtyards.csv", "0003,甲苑", "0001,甲苑", "4: code: the same already stands on line 2."),
    ("courtyards.csv", "甲苑", '"甲苑', "4: row: unexpected end of data. Check the quotes."),
    ("aliases.csv", "5101070010010002", "5101070010019999", "3: courtyard_code: there is no such courtyard."),
    ("aliases.csv", ",2010-01-01,", ",2009-01-01,", "3: alias: stands for the courtyard of line 2 at the same time."),
    ("aliases.csv", "former", "nickname", "2: kind: must be 'former', 'compound' or 'door'. Write one of these."),
    ("posts.csv", "510107001001002", "510107001001009", "2: unit_code: there is no such unit."),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), BROKEN_YAML + BROKEN_TABLES)
def test_an_error_names_file_line_and_key(small_pack, file, old, new, expected):
    edit(small_pack / file, old, new)
    found = problems(small_pack)
    assert any(line.startswith(f"pack/{file}:{expected}") for line in found), "\n".join(found)


def test_a_contract_that_no_source_delivers_is_named(small_pack):
    edit(small_pack / "sources/civil.yaml", "[register]", "[]")
    assert problems(small_pack) == [
        "pack/contracts/register.yaml:1: dataset: no source delivers it. Add it to the datasets of a source."
    ]


def test_a_dataset_of_two_sources_is_named_at_the_second(small_pack):
    second = small_pack / "sources/other.yaml"
    shutil.copy(small_pack / "sources/civil.yaml", second)
    edit(second, "source: civil", "source: other")
    assert problems(small_pack) == [
        "pack/sources/other.yaml:8: datasets[0]: 'register' already belongs to the source civil. "
        "Let one source deliver it."
    ]


def test_a_missing_file_is_named(small_pack):
    (small_pack / "posts.csv").unlink()
    assert problems(small_pack) == ["pack/posts.csv:1: file: the file is missing. Copy it from another district pack."]


def test_a_table_saved_by_a_chinese_spreadsheet_is_named_with_the_line(small_pack):
    table = small_pack / "posts.csv"
    table.write_bytes(table.read_text(encoding="utf-8").encode("gb18030"))
    assert problems(small_pack) == ["pack/posts.csv:2: file: this is not UTF-8 text. Save the file as UTF-8."]


def test_a_byte_order_mark_and_windows_line_ends_are_read(small_pack):
    table = small_pack / "units.csv"
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes().replace(b"\n", b"\r\n"))
    assert load_district(small_pack).units[0].name == "样例街道"


def test_an_empty_yaml_file_is_named(small_pack):
    (small_pack / "rules/authority.yaml").write_text("")
    (line,) = problems(small_pack)
    assert line.startswith("pack/rules/authority.yaml:1: file: input should be a valid tuple.")


def test_a_file_that_would_be_passed_over_is_named(small_pack):
    (small_pack / "codes/status.yaml").rename(small_pack / "codes/status.yml")
    assert problems(small_pack) == ["pack/codes/status.yml:1: file: a file of the pack ends in .yaml. Rename it."]


def test_every_broken_file_is_reported_at_once_and_the_rest_counted(small_pack):
    edit(small_pack / "district.yaml", "city: 成都市\n", "")
    table = small_pack / "posts.csv"
    rows = "".join(f"510107001001002,网格员,网格员样例{n:03d},yesterday,\n" for n in range(30))
    table.write_text(table.read_text(encoding="utf-8") + rows, encoding="utf-8")
    found = problems(small_pack)
    assert found[0].startswith("pack/district.yaml:1: city: this key is missing.")
    assert found[1].startswith("pack/posts.csv:3: valid_from: ")
    assert (len(found), found[-1]) == (21, "And 11 more problems.")


def test_no_holder_of_a_post_is_named_in_an_error(small_pack):
    edit(small_pack / "posts.csv", "网格员样例001,2025-10-01,", "网格员样例001,2025-10-01,2025-09-01")
    assert "样例001" not in "\n".join(problems(small_pack))


def test_a_folder_without_a_pack_is_refused(tmp_path):
    with pytest.raises(PackError, match="There is no district pack in"):
        load_district(tmp_path)


def test_a_changed_file_is_read_again_and_an_unchanged_pack_is_not(small_pack):
    before = load_district(small_pack)
    assert load_district(small_pack) is before
    edit(small_pack / "district.yaml", "审核岗", "复核岗")
    assert load_district(small_pack).office.reviewer == "复核岗"


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=st.sampled_from(["district.yaml", "units.csv", "codes/status.yaml"]), data=st.binary(max_size=80))
def test_any_bytes_give_a_pack_or_a_pack_error(small_pack, file, data):
    target = small_pack / file
    kept = target.read_bytes()
    try:
        target.write_bytes(kept[:40] + data)
        os.utime(target, ns=(hash(data) % 10**12, hash(data) % 10**12))
        load_district(small_pack)
    except PackError as error:
        assert str(error).startswith("pack/")
    finally:
        target.write_bytes(kept)


def test_another_office_starts_with_a_copy_and_no_change_of_code(tmp_path):
    other = tmp_path / "yulin"
    shutil.copytree(PACK, other)
    for file in (
        *other.glob("*.csv"),
        *other.glob("*.geojson"),
        *other.glob("*.yaml"),
        *other.glob("sources/*.yaml"),
        *other.glob("reports/*.yaml"),
    ):
        text = file.read_text(encoding="utf-8")
        text = text.replace("510105005", "510107061").replace("少城街道", "玉林街道").replace("青羊区", "武侯区")
        file.write_text(text, encoding="utf-8")
    district = load_district(other)
    assert district.office.street_code == "510107061"
    assert district.standard_address(district.courtyards[0]).startswith("四川省成都市武侯区玉林街道")
    assert district.community_of(district.courtyards[0].code).code.startswith("510107061")
