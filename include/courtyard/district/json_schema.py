"""JSON Schema (draft 2020-12): of the pack's own files, for editors, and of a dataset's rows, for senders of JSON."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from courtyard.district.models import (
    ArchiveRules,
    Authority,
    BurdenRules,
    CaseRules,
    CodeList,
    Column,
    Contract,
    District,
    Indicator,
    KeyGroup,
    Linkage,
    MapLayer,
    Office,
    Recipients,
    ReportSpec,
    SourceSpec,
    TagRule,
    WatchRules,
)

DRAFT = "https://json-schema.org/draft/2020-12/schema"
# Files of a pack by glob -> (name of their schema, what they hold).
PACK_FILES: dict[str, tuple[str, Any]] = {
    "district.yaml": ("district", Office),
    "sources/*.yaml": ("source", SourceSpec),
    "contracts/*.yaml": ("contract", Contract),
    "codes/*.yaml": ("codes", CodeList),
    "reports/*.yaml": ("report", ReportSpec),
    "recipients.yaml": ("recipients", Recipients),
    "rules/key_groups.yaml": ("key_groups", tuple[KeyGroup, ...]),
    "rules/authority.yaml": ("authority", tuple[Authority, ...]),
    "rules/archive.yaml": ("archive", ArchiveRules),
    "rules/tags.yaml": ("tags", tuple[TagRule, ...]),
    "rules/indicators.yaml": ("indicators", tuple[Indicator, ...]),
    "rules/linkage.yaml": ("linkage", Linkage),
    "rules/burden.yaml": ("burden", BurdenRules),
    "rules/cases.yaml": ("cases", CaseRules),
    "rules/watch.yaml": ("watch", WatchRules),
    "rules/map.yaml": ("map", tuple[MapLayer, ...]),
}
_DAY = r"^\d{4}-\d{2}-\d{2}$"
_MONTH = r"^\d{4}-\d{2}(-\d{2})?$"
_YEAR = r"^\d{4}(-\d{2}(-\d{2})?)?$"
_DATES = {"day": _DAY, "month": _MONTH, "year": _YEAR}


def of_pack() -> dict[str, str]:
    """The schemas of a pack's files by file name."""
    return {f"{name}.schema.json": _written(_of_model(name, model)) for name, model in PACK_FILES.values()}


def of_rows(contract: Contract, district: District) -> str:
    """The schema of one row of a dataset as a JSON object, its fields named by the contract's headers."""
    properties = {c.header: _of_column(c, district) for c in contract.columns}
    return _written(
        {
            "$schema": DRAFT,
            "$id": f"{contract.dataset}.schema.json",
            "title": contract.title,
            "description": f"{contract.title}的一行，第{contract.version}版约定。没有内容的字段可以省略或为null。",
            "type": "object",
            "properties": properties,
            "required": [c.header for c in contract.columns if c.required],
        }
    )


def modeline(depth: int, schema: str) -> str:
    """The first line of a pack's file that tells editors its schema; `depth` is how many folders below the pack."""
    return f"# yaml-language-server: $schema={'../' * (depth + 1)}schema/{schema}.schema.json"


def _of_model(name: str, model: Any) -> dict[str, Any]:
    schema = TypeAdapter(model).json_schema()
    return {"$schema": DRAFT, "$id": f"{name}.schema.json", **schema}


def _of_column(column: Column, district: District) -> dict[str, Any]:
    of_type = _of_type(column, district)
    schema = of_type if column.required else {"anyOf": [of_type, {"type": "null"}]}
    words = [column.definition, f"单位：{column.unit}" if column.unit else ""]
    description = "；".join(word for word in words if word)
    return {"description": description, **schema} if description else schema


def _of_type(column: Column, district: District) -> dict[str, Any]:
    match column.type:
        case "code":
            values = district.codes[column.codes or ""].values
            return {"enum": list(dict.fromkeys(text for code, labels in values.items() for text in (*labels, code)))}
        case "yes_no":
            return {"enum": ["是", "否", True, False]}
        case "integer" | "decimal" | "age":
            bounds = {"minimum": column.minimum, "maximum": column.maximum}
            kind = "number" if column.type == "decimal" else "integer"
            return {"type": kind, **{name: bound for name, bound in bounds.items() if bound is not None}}
        case "date":
            return {"type": "string", "pattern": _DATES[column.precision]}
        case "datetime":
            return {"type": "string", "format": "date-time"}
        case _:
            return {"type": "string", "minLength": 1} if column.required else {"type": "string"}


def _written(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
