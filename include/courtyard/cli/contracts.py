"""`courtyard contracts`: what each dataset must look like, as pages and as JSON Schema, made from the pack."""

from __future__ import annotations

import json
from pathlib import Path

from courtyard.district import contract_docs, json_schema, load_district
from courtyard.errors import UsageError

DOCS = Path(__file__).resolve().parents[3] / "docs/contracts"


def shown(pack: Path, dataset: str | None, *, as_json: bool) -> str:
    """The page or the row schema of one dataset, or of all of them. Raises UsageError for an unknown one."""
    district = load_district(pack)
    if dataset is not None and dataset not in district.contracts:
        raise UsageError(f"The pack has no dataset '{dataset}'.", f"Choose of {', '.join(sorted(district.contracts))}.")
    chosen = [dataset] if dataset else sorted(district.contracts)
    if not as_json:
        return "\n".join(contract_docs.page(district.contracts[name], district) for name in chosen)
    schemas = {name: json.loads(json_schema.of_rows(district.contracts[name], district)) for name in chosen}
    return json.dumps(schemas[dataset] if dataset else schemas, ensure_ascii=False, indent=2)


def files(pack: Path, docs: Path = DOCS) -> dict[Path, str]:
    """Everything that is made from a pack, by path: its pages and schemas, and its own files with their first line."""
    district = load_district(pack)
    found = {docs / name: text for name, text in contract_docs.pages(district).items()}
    for name, contract in district.contracts.items():
        found[docs / f"{name}.schema.json"] = json_schema.of_rows(contract, district)
    for name, text in json_schema.of_pack().items():
        found[pack.parent / "schema" / name] = text
    for pattern, (schema, _) in json_schema.PACK_FILES.items():
        for path in sorted(pack.glob(pattern)):
            first = json_schema.modeline(len(path.relative_to(pack).parts) - 1, schema)
            text = path.read_text("utf-8")
            found[path] = text if text.startswith(first) else f"{first}\n{text}"
    return found


def stale(pack: Path, docs: Path = DOCS) -> list[Path]:
    """The files that are not what the pack makes of them, and pages of contracts that are no more."""
    made = files(pack, docs)
    changed = [path for path, text in made.items() if not path.is_file() or path.read_text("utf-8") != text]
    return changed + [path for path in sorted(docs.glob("*")) if path not in made]


def write(pack: Path, docs: Path = DOCS) -> list[Path]:
    """Renew what is stale; returns those paths."""
    made = files(pack, docs)
    changed = stale(pack, docs)
    for path in changed:
        if path in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path], "utf-8")
        else:
            path.unlink()
    return changed
