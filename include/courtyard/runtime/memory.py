"""The memory of what runs: the share of each process (PSS), so that what several share counts once."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from courtyard.runtime import processes
from courtyard.settings import Settings


@dataclass(frozen=True)
class Share:
    """A started process with its children: how many they are, and the bytes that are theirs."""

    name: str
    processes: int
    bytes: int


def shares(settings: Settings) -> list[Share]:
    """Every process that was started for this installation, the greatest first."""
    known = processes.Register.read(settings.run_dir / "processes.json")
    found = []
    for name, entry in known.processes.items():
        members = processes.family(entry)
        found.append(Share(name, len(members), sum(map(_bytes, members))))
    return sorted(found, key=lambda share: -share.bytes)


def _bytes(process: psutil.Process) -> int:
    """Its proportional share; where the system does not tell, all that it has in memory; 0 once it has ended."""
    try:
        return process.memory_full_info().pss
    except psutil.AccessDenied:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0
