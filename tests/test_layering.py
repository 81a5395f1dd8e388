"""Imports point left only: each room of the library reads what stands to its left."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "include/courtyard"
LAYERS = (
    "errors", "ooxml", "pages", "period", "progress", "settings", "connection", "district", "privacy", "store", "context", "notices", "letters",
    "sources", "landing", "parsing", "validation", "identity", "warehouse", "desk", "cases", "submissions", "handover", "reports",
    "watching", "measuring", "runnable", "stages", "actions", "rebuilding", "backfill", "boards", "cli", "__main__",
)  # fmt: skip
RANK = {room: rank for rank, room in enumerate(LAYERS)}
# Rooms that stand aside: what they may import instead, and who may import them.
ASIDE = {
    "runtime": {
        "errors",
        "period",
        "settings",
        "connection",
        "district",
        "privacy",
        "store",
        "sample",
        "sample.standins",
    },
    "intake": {"errors", "ooxml", "pages", "period", "settings", "connection", "district", "privacy", "store"},
    "sample": {"errors", "period", "settings", "connection", "district"},
    "sample.standins": {"errors", "period", "settings", "connection", "district", "sample"},
}
READERS_OF_ASIDE = {
    "runtime": {"stages", "rebuilding", "backfill", "cli"},
    "intake": {"cli"},
    "sample": {"cli", "runtime", "sample.standins"},
    "sample.standins": {"cli", "runtime"},
}
# `store.lease` guards the writes of a run and `store.runs` keeps it, so they take the run's context, the one step to the right.
GRANTED = {("store.lease", "context"), ("store.runs", "context")}
HEAVY = {"pandas", "great_expectations", "pydantic", "numpy", "pyarrow", "openpyxl", "sqlalchemy"}


def room_of(module: str) -> str:
    """`courtyard.sample.standins.rest` -> `sample.standins`; the first part anywhere else."""
    parts = module.split(".")[1:]
    return "sample.standins" if parts[:2] == ["sample", "standins"] else parts[0] if parts else ""


def module_of(path: Path) -> str:
    parts = path.relative_to(LIBRARY.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name: str) -> bool:
    path = LIBRARY.parent.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def imports_of(tree: ast.AST, module: str = "", is_package: bool = False) -> set[str]:
    """Every module a tree imports, `from package import module` and relative imports resolved."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")[: len(module.split(".")) - node.level + is_package]
                base = ".".join([*parents, *([base] if base else [])])
            for alias in node.names:
                name = f"{base}.{alias.name}"
                found.add(name if is_module(name) else base)
    return found


def fault(module: str, target: str) -> str | None:
    """What is wrong with one module of the library importing another, or None."""
    own, other = room_of(module), room_of(target)
    if own == other or not other:
        return None
    name = module.removeprefix("courtyard.")
    if (name, other) in GRANTED:
        return None
    if own in ASIDE:
        if other in ASIDE[own]:
            return None
        return f"{module} imports {target}; '{own}' stands aside and may import only {', '.join(sorted(ASIDE[own]))}."
    if other in ASIDE:
        if own in READERS_OF_ASIDE[other]:
            return None
        return f"{module} imports {target}; only {', '.join(sorted(READERS_OF_ASIDE[other]))} may import '{other}'."
    unknown = [room for room in (own, other) if room not in RANK]
    if unknown:
        return f"{module}: give the room '{unknown[0]}' its place in LAYERS of {Path(__file__).name}."
    if RANK[other] < RANK[own]:
        return None
    return (
        f"{module} imports {target}, which does not stand to its left. Move what both need into the room "
        f"furthest right that both may read, or hand the value in as an argument."
    )


LIBRARY_FILES = sorted(LIBRARY.rglob("*.py"))
DAG_FILES = sorted((ROOT / "dags").rglob("*.py"))


def test_there_are_files_to_judge():
    rooms = {room_of(module_of(path)) for path in LIBRARY_FILES}
    assert len(LIBRARY_FILES) > 40
    assert rooms >= {"errors", "district", "store", "parsing", "validation", "warehouse", "reports", "cli", "sample"}
    assert len(DAG_FILES) >= 2


@pytest.mark.parametrize("path", LIBRARY_FILES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_module_imports_only_what_stands_to_its_left(path):
    module = module_of(path)
    targets = imports_of(ast.parse(path.read_text("utf-8")), module, path.name == "__init__.py")
    faults = [fault(module, target) for target in sorted(targets) if target.split(".")[0] == "courtyard"]
    assert not [f for f in faults if f]


@pytest.mark.parametrize("path", sorted((ROOT / "include").rglob("*.py")), ids=lambda path: path.stem)
def test_the_library_works_without_airflow(path):
    imported = {name.split(".")[0] for name in imports_of(ast.parse(path.read_text("utf-8")))}
    assert "airflow" not in imported, f"{path} imports airflow: keep it in dags/ and plugins/, hand values in."


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.name)
def test_a_dag_file_imports_nothing_heavy_when_it_is_parsed(path):
    tree = ast.parse(path.read_text("utf-8"))
    top = ast.Module([node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)], [])
    heavy = sorted({name.split(".")[0] for name in imports_of(top)} & HEAVY)
    assert not heavy, f"{path.name} imports {', '.join(heavy)} on every parse: import inside the task instead."


@pytest.mark.parametrize(
    ("module", "target", "allowed"),
    [
        ("courtyard.reports.query", "courtyard.warehouse.merge", True),
        ("courtyard.parsing.stage", "courtyard.validation.rules", False),
        ("courtyard.sample.people", "courtyard.district.models", True),
        ("courtyard.sample.mess", "courtyard.parsing.text", False),
        ("courtyard.sample.street", "courtyard.sample.standins.rest", False),
        ("courtyard.sample.standins.rest", "courtyard.sample.street", True),
        ("courtyard.parsing.stage", "courtyard.runtime.postgres", False),
        ("courtyard.store.lease", "courtyard.context", True),
        ("courtyard.store.database", "courtyard.context", False),
        ("courtyard.errors", "courtyard.attic.old", False),
    ],
)
def test_the_rule_itself(module, target, allowed):
    assert (fault(module, target) is None) == allowed


def test_imports_of_all_kinds_are_seen():
    source = "def f():\n    from courtyard import period\n    import courtyard.store.lease\n    from . import stage\n"
    found = imports_of(ast.parse(source), "courtyard.parsing.reading")
    assert found == {"courtyard.period", "courtyard.store.lease", "courtyard.parsing.stage"}
