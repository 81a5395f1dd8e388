"""A whole district pack of three courtyards, small enough to read; tests break it one line at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

FILES = {
    "district.yaml": """\
street_code: "510107001"
name: 样例街道办事处
short_name: 样例街道
province: 四川省
city: 成都市
city_district: 武侯区
first_quarter: 2025Q4
preparer: 填报岗
reviewer: 审核岗
shrink_hold_share: 0.05
dibao_standard_yuan: 930
grid_cycle: {issued_before: 15, due_after: 5, frozen_after: 10}
""",
    "units.csv": """\
code,name,kind,parent_code,valid_from,valid_to
510107001,样例街道,street,,2020-01-01,
510107001001,甲社区,community,510107001,2020-01-01,
510107001001001,甲社区第1网格,grid,510107001001,2020-01-01,2025-10-01
51010700100100101,甲社区第1网格第1微网格,micro_grid,510107001001001,2020-01-01,2025-10-01
510107001001002,甲社区第2网格,grid,510107001001,2025-10-01,
51010700100100201,甲社区第2网格第1微网格,micro_grid,510107001001002,2025-10-01,
""",
    "courtyards.csv": """\
code,name,micro_grid_code,road,door,lon,lat,buildings,units,floors,rooms,households,built_year
5101070010010001,甲街1号院,51010700100100201,甲街,1号,104.05,30.64,2,2,6,2,40,1990
5101070010010002,甲街1号附3号院,51010700100100201,甲街,1号附3号,104.05,30.64,1,2,6,2,20,1990
5101070010010003,甲苑,51010700100100201,甲街,5号,104.05,30.64,1,2,6,2,20,1990
""",
    "aliases.csv": """\
courtyard_code,alias,kind,valid_from,valid_to
5101070010010001,甲街老宿舍,former,,2010-01-01
5101070010010002,甲街老宿舍,former,2010-01-01,
""",
    "changes.csv": "on,kind,from_code,to_code,former_name,buildings\n",
    "posts.csv": """\
unit_code,post,holder,valid_from,valid_to
510107001001002,网格员,网格员样例001,2025-10-01,
""",
    "contacts.csv": """\
unit_code,channel,address,valid_from,valid_to
510107001001002,mail,grid@street.example,2025-10-01,
""",
    "users.csv": """\
user,role,unit_code,post,department,airflow_role,valid_from,valid_to
""",
    "departments.csv": """\
code,name,aliases,contact,valid_from,valid_to
urban_management,城管局,城管,urban@city.example,2020-01-01,
""",
    "rules/map.yaml": "- {layer: listed, title: 在册, unit: 人, figures: [key_groups.registered], classes: [1, 5], tone: red}\n",
    "rules/cases.yaml": """\
levels:
  - {level: courtyard, title: 院落, unit: grid}
  - {level: community, title: 社区, unit: community}
  - {level: street, title: 街道, unit: street}
  - {level: department, title: 部门, unit: street}
terms:
  - {urgency: emergency, title: 紧急, levels: {community: {acknowledge: 10 minutes, solve: 2 hours}, street: {acknowledge: 10 minutes, solve: 6 hours}}, total: 24 hours}
  - {urgency: urgent, title: 加急, levels: {community: {acknowledge: 2 hours, solve: 24 hours}, street: {acknowledge: 2 hours, solve: 2 days}}, total: 7 days}
  - {urgency: normal, title: 一般, levels: {courtyard: {acknowledge: 4 working_hours, solve: 2 working_days}, street: {acknowledge: 1 working_days, solve: 5 working_days}}, total: 30 days}
categories:
  - {code: light, title: 照明, group: 公用设施, standard: GB/T 30428, departments: [urban_management], words: [灯]}
  - {code: other, title: 其他, group: 其他, standard: local}
fallback: other
closing: {confirm_within: 7 days, reopen_within: 15 days, follow_up_within: 5 working_days}
chasing: {every: 2 working_days}
""",
    "sources/civil.yaml": """\
source: civil
title: 登记
department: 民政局
transport: sql
connection: civil
cadence: month
schedule: "0 6 3 * *"
datasets: [register]
""",
    "contracts/register.yaml": """\
dataset: register
title: 登记
version: 1
format: rows
grain: entity
subject: person
key: [[number]]
active: {column: status, values: [here]}
columns:
  - {name: number, header: bh, type: text, required: true}
  - {name: name, header: xm, synonyms: [姓名], type: person_name, role: name}
  - {name: status, header: zt, type: code, codes: status}
  - {name: started, header: ks, type: date, earliest: 1949-10-01}
  - {name: ended, header: js, type: date}
rules:
  - {id: order, check: not_before, columns: [ended, started], severity: error, message: 止早于起, remedy: 请核对}
""",
    "codes/status.yaml": """\
codes: status
title: 状态
basis: local
values:
  here: [在册]
  "0": [离开, 注销]
""",
    "reports/roster.yaml": """\
report: roster
title: 花名册
recipient: 民政局
basis: 样例
frequency: month
kind: roster
datasets: [register]
sql: roster.sql
first_row: 4
metadata: {A2: "填报单位：{street}"}
columns:
  - {name: name, header: 姓名}
  - {name: status, header: 状态, codes: status}
""",
    "reports/sql/roster.sql": "SELECT 1\n",
    "recipients.yaml": """\
recipients:
  - recipient: civil
    name: 民政局
    due_days: 5
    channels: [{channel: folder, path: recipients/civil}]
""",
    "rules/key_groups.yaml": "- {group: registered, title: 在册, dataset: register, where: {status: [here]}}\n",
    "rules/authority.yaml": "- {attribute: name, datasets: [register]}\n",
    "duties.csv": """\
matter,owner,basis,kind,words
花名册,民政局,样例,allowed,花名册
招商,无,样例,refused,招商 税源
""",
    "rules/burden.yaml": """\
seconds_per_cell_typed: {value: 6, unit: 秒, basis: 样例}
seconds_per_cell_checked: {value: 1, unit: 秒, basis: 样例}
minutes_per_visit: {value: 15, unit: 分钟, basis: 样例}
share_of_rows_visited: {value: 0.1, unit: 次, basis: 样例}
same_form_share: 0.8
""",
    "rules/watch.yaml": """\
alerts: {repeat_after: 24 hours, settled_after: 30 minutes, receivers: {letter: ["510107001"]}}
freshness: {late_after: 2 working_days, idle_after: 3 hours, reason: 样例}
silence: {times: 3, least_hours: 72, history_days: 90, least_reports: 20, reason: 样例}
volume: {share: 0.3, spread: 4, least_rows: 10, first_share: 0.5, history: 6, least_history: 3, reason: 样例}
units: {share: 0.5, spread: 4, least_rows: 5, first_share: 0.6, history: 4, least_history: 3, reason: 样例}
quarantine: {share: 0.1, least_rows: 20, reason: 样例}
waits: {rows: 2 working_days, runs: 1 working_days, reason: 样例}
deadlines: {before: 5, after: 20, reason: 样例}
sources:
  civil: {share: 1.0, reason: 样例}
""",
    "rules/linkage.yaml": "{version: 1, model: model.json, accept: 0.99, rival: 0.1, review: 0.6}\n",
    "rules/model.json": "{}\n",
    "rules/archive.yaml": """\
figures:
  - {figure: resources.started, title: 最早, dataset: register, measure: least, column: started}
  - {figure: items.listed, title: 在册, unit: 人, dataset: register, measure: count, where: {status: [here]}}
  - {figure: items.states, title: 状态, dataset: register, measure: values, column: status}
""",
    "rules/tags.yaml": """\
- tag: many
  title: 在册多
  category: 人口
  all:
    - {figure: items.listed, share_of: population.persons, compare: at_least, value: 0.5}
  reason: "在册{items.listed}，占{items.listed/population.persons}（标准：{limit}）"
  basis: 样例
""",
    "rules/indicators.yaml": "- {indicator: listed, title: 在册, unit: 人, numerator: items.listed}\n",
}


@pytest.fixture
def small_pack(tmp_path: Path) -> Path:
    """The folder `pack` of this test alone."""
    root = tmp_path / "pack"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root
