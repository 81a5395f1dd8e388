from importlib.resources import files

import pytest

from courtyard.store import statements

FILES = [
    ("courtyard.identity", "places.sql"),
    ("courtyard.identity", "persons.sql"),
    ("courtyard.warehouse", "merge.sql"),
    ("courtyard.warehouse", "discrepancies.sql"),
    ("courtyard.warehouse", "archive.sql"),
]


@pytest.mark.parametrize(("package", "file"), FILES)
def test_every_statement_stands_alone_under_a_name_of_its_own(package, file):
    found = statements.load(package, file)
    assert len(found) == files(package).joinpath(file).read_text("utf-8").count("-- name: ") > 1
    for statement in found.values():
        assert statement.text.strip()
