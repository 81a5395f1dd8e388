"""Grid workbooks: what grid workers send each quarter, as files in an inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from courtyard.period import Period
from courtyard.sample.feeds import books
from courtyard.sample.feeds.grid_lists import DATASETS, GridLists, Listing
from courtyard.sample.feeds.grid_sheets import SheetWriter, Style
from courtyard.sample.feeds.grid_values import GridRows
from courtyard.sample.feeds.outlet import World, set_time
from courtyard.sample.mess import RATES

HTML = (
    "<html><head><meta charset='utf-8'></head><body><table><tr><td>居民骨干信息采集表</td></tr></table></body></html>"
)
CUT_OFF_AT = 0.6


@dataclass(frozen=True)
class Units:
    """Which grids do not send one good workbook in time, in one quarter."""

    broken: str
    missing: set[str]
    late: set[str]
    resent: set[str]


class Grids:
    """Writes every grid's workbook, one quarter after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lists = GridLists(world)
        self.rows = GridRows(world)
        self.sheets = SheetWriter(world)

    def write(self, index: int) -> int:
        """One quarter's workbooks; returns how many files were written."""
        street = self.world.street
        period = street.quarters[index]
        units = self._units(index)
        listings = self.lists.quarter(index, units.missing | {units.broken}, units.late)
        written = 0
        for grid in street.grids:
            if grid in units.missing:
                continue
            written += 1
            delivered = street.quarters[index + 1] if grid in units.late else period
            path = self._path(grid, period, delivered)
            rng = self.world.draws.rng("grid.book", int(grid), index)
            if grid == units.broken:
                self._broken(path, index)
                continue
            items = {group: listings[grid, group] for group in DATASETS}
            fault = "file.late" if grid in units.late else "file.resent" if grid in units.resent else ""
            style = Style.of(rng, self.world, grid, period)
            self._book(path, (delivered, period, index), (style, items), fault)
            if grid in units.resent:
                again = path.with_name(path.stem + "_v2.xlsx")
                self._book(again, (delivered, period, index), (style.later(3), items), "", corrected=True)
                written += 1
        return written

    def _units(self, index: int) -> Units:
        """Late workbooks come in the next quarter, so the last quarter has none."""
        rng = self.world.draws.rng("grid.units", index)
        grids = rng.sample(self.world.street.grids, len(self.world.street.grids))
        last = index + 1 == len(self.world.street.quarters)

        def take(kind: str) -> set[str]:
            return {
                grids.pop()
                for _ in range(min(len(grids) - 1, max(1, round(RATES[kind] * len(self.world.street.grids)))))
            }

        broken = grids.pop()
        return Units(broken, take("file.missing"), set() if last else take("file.late"), take("file.resent"))

    def _path(self, grid: str, period: Period, delivered: Period) -> Path:
        name = f"{grid}_{self.world.street.units[grid].name}_{period}.xlsx"
        folder = self.world.out / "inbox" / str(delivered)
        folder.mkdir(parents=True, exist_ok=True)
        return folder / name

    def _book(
        self,
        path: Path,
        periods: tuple[Period, Period, int],
        content: tuple[Style, dict[str, list[Listing]]],
        fault: str,
        corrected: bool = False,
    ) -> None:
        delivered, period, index = periods
        style, items = content
        book = books.open_book(path)
        formats = books.formats(book)
        for group, dataset in DATASETS.items():
            rows = self.rows.spelled(group, items[group], index, corrected)
            for row in rows:
                row.row_faults += [fault] if fault else []
            file = path.relative_to(self.world.out).as_posix()
            self.sheets.write(book, formats, (dataset, delivered, period, file), style, rows)
        book.close()
        day = period.end + timedelta(days=12) if delivered != period else style.filled
        set_time(path, day, style.hour, style.minute)

    def _broken(self, path: Path, index: int) -> None:
        """HTML by the name of a workbook, or a workbook whose end was lost on the way."""
        day = self.world.street.quarters[index].last_day
        if index % 2 == 0:
            path.write_text(HTML, "utf-8")
        else:
            book = books.open_book(path)
            book.add_worksheet("居民骨干").write_column(0, 0, [f"第{n}行" for n in range(200)])
            book.close()
            whole = path.read_bytes()
            path.write_bytes(whole[: int(len(whole) * CUT_OFF_AT)])
        set_time(path, day)
