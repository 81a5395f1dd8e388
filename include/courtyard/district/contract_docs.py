"""A contract as a page for the people who fill it in or send it: everything that the pack says of a dataset, in Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from courtyard.district.models import CodeList, Column, Contract, District, FormVersion, Rule, SourceSpec

COMMAND = "courtyard contracts --write"
FORMATS = {
    "rows": "数据库查询结果", "pages": "接口分页数据（JSON）", "delimited": "分隔文本（CSV）", "workbook": "Excel工作簿（.xlsx、.xls）",
}  # fmt: skip
GRAINS = {
    "entity": "一行一个对象，长期有效，直到后来的一行另有说明",
    "period": "一行一个对象在一个时期的情况",
    "event": "一行一件事，可以更新",
}
SUBJECTS = {"person": "人", "courtyard": "院落", "none": "不关联人和院落"}
CADENCES = {"month": "每月", "quarter": "每季度"}
TYPES = {
    "text": "文字", "person_name": "姓名", "id_number": "证件号码（加密保存）", "phone": "电话（加密保存）", "date": "日期",
    "datetime": "日期和时间", "integer": "整数", "decimal": "数字", "code": "选项", "yes_no": "是或否", "address": "地址",
    "age": "年龄", "credit_code": "统一社会信用代码", "disability_no": "残疾证号（加密保存）",
}  # fmt: skip
PRECISIONS = {"year": "至少写到年", "month": "至少写到月", "day": "须写到日"}
ROW_RULES = {
    "birth_matches_id": "{0}与{1}中的出生日期一致",
    "sex_matches_id": "{0}与{1}中的性别一致",
    "not_before": "{0}不早于{1}",
    "not_above": "{0}不大于{1}",
    "required_with": "{1}{values}时，须填{0}",
}
GROUP_RULES = {
    "one_of": "{group}相同的各行中，{where}的应有且只有一行",
    "count_is": "{group}相同的{where}行数应等于{column}",
    "same": "{group}相同的{where}各行，{column}应相同",
}
SEVERITIES = {"error": "错误：该行不入库", "warning": "提示：照常入库，请核对"}
_SPECIAL = str.maketrans({"|": "\\|", "\n": " ", "<": "&lt;"})


def pages(district: District) -> dict[str, str]:
    """The pages by file name: one a contract, and README.md that lists them."""
    found = {f"{name}.md": page(contract, district) for name, contract in sorted(district.contracts.items())}
    return {"README.md": _index(district), **found}


def page(contract: Contract, district: District) -> str:
    """The page of one contract."""
    source = district.source_of(contract.dataset)
    assert source is not None  # the pack is checked
    parts = [
        f"<!-- 由 {COMMAND} 生成，请修改 contracts/{contract.dataset}.yaml，不要修改本页。 -->",
        f"# {contract.title}（{contract.dataset}）",
        "\n".join(
            [
                "- 用途：" + ("、".join(_uses(contract, district)) or "查询与核对"),
                *_about(contract, source, district.codes),
            ]
        ),
        "## 各列",
        _columns(contract),
        *_codes(contract, district.codes),
        *_rules(contract, district),
        *_forms(contract.forms, contract),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _index(district: District) -> str:
    rows = []
    for name, contract in sorted(district.contracts.items()):
        source = district.source_of(name)
        assert source is not None
        link = f"[{contract.title}]({name}.md)"
        rows.append((link, name, source.department, CADENCES[source.cadence], f"[JSON Schema]({name}.schema.json)"))
    intro = (
        f"<!-- 由 {COMMAND} 生成。 -->\n\n# 数据约定\n\n"
        "每种报送数据一页：由谁报、多久一次、有哪些列、怎样核对、出错时怎么改。"
        "以JSON报送的部门可用旁边的JSON Schema自查。"
    )
    return f"{intro}\n\n{_table(('数据', '名称', '报送单位', '周期', '机器可读'), rows)}\n"


def _about(contract: Contract, source: SourceSpec, codes: Mapping[str, CodeList]) -> Iterator[str]:
    yield f"- 报送单位：{source.department}（{source.title}）"
    yield f"- 周期：{CADENCES[source.cadence]}"
    sheet = f"，工作表“{contract.sheet}”" if contract.sheet else ""
    encoding = f"，编码{contract.encoding}" if contract.format == "delimited" else ""
    yield f"- 形式：{FORMATS[contract.format]}{sheet}{encoding}；约定第{contract.version}版"
    yield f"- 每行：{GRAINS[contract.grain]}；关于：{SUBJECTS[contract.subject]}"
    if contract.listing == "delta":
        yield "- 范围：只列有变化的"
    elif contract.grain != "event":
        yield "- 范围：列出全部在册的；比上一次明显减少时先暂挂核实"
    if contract.optional:
        yield "- 可以不报：没有这张表也算完整"
    yield f"- 怎样认出同一条记录：{'；否则用'.join('＋'.join(_headers(contract, names)) for names in contract.key)}"
    if contract.active:
        yield f"- 仍然在册：{_where(contract, {contract.active.column: contract.active.values}, codes)}的行"


def _uses(contract: Contract, district: District) -> Iterator[str]:
    """What is made of the dataset: reports, and key groups of the courtyards' archives."""
    for report in district.reports.values():
        if contract.dataset in report.rests_on:
            yield f"《{report.title}》"
    for group in district.key_groups:
        if group.dataset == contract.dataset:
            yield f"院落档案中的{group.title}"


def _columns(contract: Contract) -> str:
    rows = [
        (
            f"{number}",
            f"{column.header}",
            "、".join(column.synonyms),
            _type(column),
            "是" if column.required else "",
            column.definition,
        )
        for number, column in enumerate(contract.columns, 1)
    ]
    return _table(("", "列名", "也可写作", "填写内容", "必填", "含义"), rows)


def _type(column: Column) -> str:
    bounds = [
        f"{word}{bound:g}"
        for word, bound in (("不小于", column.minimum), ("不大于", column.maximum))
        if bound is not None
    ]
    words = [
        TYPES[column.type] + (f"，见[{column.codes}](#{column.codes})" if column.codes else ""),
        f"单位：{column.unit}" if column.unit else "",
        PRECISIONS[column.precision] if column.type == "date" else "",
        f"不早于{column.earliest}" if column.earliest else "",
        *bounds,
        "可以晚于本期" if column.deadline else "",
        "同一户可合并单元格" if column.household else "",
        "不入库" if column.volatile else "",
    ]
    return "；".join(word for word in words if word)


def _codes(contract: Contract, codes: Mapping[str, CodeList]) -> Iterator[str]:
    used = dict.fromkeys(c.codes for c in contract.columns if c.codes)
    if used:
        yield "## 选项"
    for name in used:
        listed = codes[name]
        rows = [(code, labels[0], "、".join(labels[1:])) for code, labels in listed.values.items()]
        basis = "" if listed.basis == "local" else f"，依据{listed.basis}"
        yield f'<a id="{name}"></a>**{listed.title}**（{name}{basis}）\n\n{_table(("代码", "填写", "也认得"), rows)}'


def _rules(contract: Contract, district: District) -> Iterator[str]:
    codes = district.codes
    rows = [(_row_rule(r, contract, codes), SEVERITIES[r.severity], r.message, r.remedy) for r in contract.rules]
    for group in contract.group_rules:
        words = {
            "group": "、".join(_headers(contract, group.group)),
            "where": _where(contract, group.where, codes),
            "column": "".join(_headers(contract, [group.column] if group.column else [])),
        }
        told = GROUP_RULES[group.check].format(**words)
        rows.append((told, SEVERITIES[group.severity], group.message, group.remedy))
    for reference in contract.reference_rules:
        other = district.contracts[reference.dataset]
        where = _where(other, reference.where, codes)
        ours, verb = (
            "、".join(_headers(contract, reference.columns)),
            "应在" if reference.check == "listed" else "不应在",
        )
        told = f"{ours}{verb}[{other.title}]({other.dataset}.md){f'中{where}的行里' if where else '中'}"
        rows.append((told, SEVERITIES["warning"], reference.message, reference.remedy))
    if rows:
        yield "## 核对规则"
        yield _table(("规则", "性质", "提示", "怎样改"), rows)


def _row_rule(rule: Rule, contract: Contract, codes: Mapping[str, CodeList]) -> str:
    labels = _labels(contract.column(rule.columns[1]), rule.values, codes)
    values = f"为{'或'.join(labels)}" if labels else "已填"
    return ROW_RULES[rule.check].format(*_headers(contract, rule.columns), values=values)


def _where(contract: Contract, where: Mapping[str, tuple[str, ...]], codes: Mapping[str, CodeList]) -> str:
    told = []
    for name, values in where.items():
        column = contract.column(name)
        told.append(f"“{column.header}”为{'或'.join(_labels(column, values, codes))}")
    return "且".join(told)


def _labels(column: Column, values: Iterable[str], codes: Mapping[str, CodeList]) -> list[str]:
    if not column.codes:
        return [{"true": "“是”", "false": "“否”"}[value] for value in values]
    return [f"“{codes[column.codes].values[value][0]}”" for value in values]


def _forms(forms: Iterable[FormVersion], contract: Contract) -> Iterator[str]:
    rows = []
    for form in forms:
        headers = "、".join(f"{_header(contract, name)}写作{header}" for name, header in form.headers.items())
        without = "、".join(_headers(contract, form.without))
        rows.append((form.version, headers, without, form.last or ""))
    if rows:
        yield "## 表样的其他版本"
        yield _table(("版本", "列名不同", "没有的列", "收到哪一期为止"), rows)


def _header(contract: Contract, name: str) -> str:
    return contract.column(name).header


def _headers(contract: Contract, names: Iterable[str]) -> list[str]:
    return [f"“{_header(contract, name)}”" for name in names]


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(heads)]
    lines += [("---",) * len(lines[0]), *(tuple(str(cell).translate(_SPECIAL) for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
