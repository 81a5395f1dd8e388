"""The contract's checks as a Great Expectations suite over one frame of staged rows.

Importing Great Expectations takes about six seconds, so it happens here, on first use, once a
process. Its results hold offending values: `run` turns them into positions before it returns,
and what it leaves for the report holds counts only.
"""

from __future__ import annotations

import gc
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from courtyard.validation.checks import Check

_COUNTS = ("element_count", "unexpected_count", "unexpected_percent")
_FAILED = "校验规则执行出错"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """`failed` maps a check's place in the list to the positions of the rows it failed on.

    `raised` lists the checks that could not be judged: the batch must not pass (FAULTS 34).
    `result` is Great Expectations' own result with counts only, for the quality report; None when
    the validation as a whole could not run.
    """

    failed: dict[int, list[int]]
    raised: list[int]
    result: Any = None


NOTHING = Outcome({}, [])  # of a frame without rows


@lru_cache(maxsize=1)
def _gx() -> tuple[Any, Any, Any]:
    """The library, its expectations and one ephemeral context without progress bars."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations
    from great_expectations import expectations

    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    gc.freeze()  # the library's objects stay as long as the process; walking them costs a fifth of each run
    return great_expectations, expectations, context


def run(name: str, checks: Sequence[Check], frame: pd.DataFrame) -> Outcome:
    """Validate a frame; rows are named by their position. No value leaves this function."""
    gx, expectations, context = _gx()
    options = {"result_format": "COMPLETE", "include_unexpected_rows": False}
    try:
        with _quiet():
            suite = gx.ExpectationSuite(
                name=name,
                expectations=[_numbered(check.expectation(expectations), at) for at, check in enumerate(checks)],
            )
            source = context.data_sources.add_or_update_pandas(name=name)
            asset = source.add_dataframe_asset(name=name).add_batch_definition_whole_dataframe("all")
            result = asset.get_batch({"dataframe": frame}).validate(suite, result_format=options)
    except Exception as error:  # whatever went wrong, its text may hold values
        _log.error("The checks of %s could not run: %s.", name, type(error).__name__)
        return Outcome({}, list(range(len(checks))))
    finally:
        context.data_sources.delete(name)  # its engine keeps the frame
    return _scrubbed(result)


def _numbered(expectation: Any, at: int) -> Any:
    expectation.meta = {"check": at}
    return expectation


def _scrubbed(result: Any) -> Outcome:
    """Positions out of a result, then everything but counts removed from it."""
    failed: dict[int, list[int]] = {}
    raised: list[int] = []
    for one in result.results:
        at = one.expectation_config.meta["check"]
        if not one.success:
            if positions := one.result.get("unexpected_index_list"):
                failed[at] = positions
            else:
                raised.append(at)
        one.result = {name: one.result[name] for name in _COUNTS if name in one.result}
        one.exception_info = {"raised_exception": at in raised, "exception_message": _FAILED, "exception_traceback": ""}
        one.meta = {}
    result.meta = {}
    return Outcome(failed, sorted(raised), result)


@contextmanager
def _quiet() -> Iterator[None]:
    """The library logs and warns with the text of exceptions, which may hold values."""
    logger = logging.getLogger("great_expectations")
    was = logger.level
    logger.setLevel(logging.CRITICAL + 1)  # its modules' loggers inherit the level
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(was)
