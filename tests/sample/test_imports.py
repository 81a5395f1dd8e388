"""The sample stands aside: it may not know how files are read."""

import ast
from pathlib import Path

import courtyard.sample

ALLOWED = {"errors", "period", "settings", "connection", "district", "sample"}
FOLDER = Path(courtyard.sample.__file__).parent


def _imported(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name.split(".")[1] for name in names if name.startswith("courtyard."))


def test_the_sample_imports_nothing_of_reading_or_validation():
    files = [p for p in FOLDER.rglob("*.py") if "standins" not in p.parts]
    assert len(files) > 15
    for path in files:
        assert set(_imported(path)) <= ALLOWED, path.name
