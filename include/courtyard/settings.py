"""Where things lie: the four environment variables of the project and the folders below them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Folders and the warehouse URL of one installation (DESIGN section 6)."""

    var: Path
    district_path: Path
    keys: Path
    warehouse_url: str | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        env = os.environ if env is None else env
        return cls(
            var=Path(env.get("COURTYARD_VAR") or _CHECKOUT / "var").resolve(),
            district_path=Path(env.get("COURTYARD_DISTRICT") or _CHECKOUT / "include/districts/shaocheng").resolve(),
            keys=Path(env.get("COURTYARD_KEYS") or Path.home() / ".config/courtyard").expanduser().resolve(),
            warehouse_url=env.get("COURTYARD_WAREHOUSE_URL") or None,
        )

    @property
    def inbox(self) -> Path:
        return self.var / "inbox"

    @property
    def landing(self) -> Path:
        return self.var / "landing"

    @property
    def outbox(self) -> Path:
        return self.var / "outbox"

    @property
    def published(self) -> Path:
        return self.var / "published"

    @property
    def env_file(self) -> Path:
        """`AIRFLOW_CONN_*` URIs of the sources, 0600."""
        return self.var / "env"

    @property
    def run_dir(self) -> Path:
        """Process records, logs and Airflow's home."""
        return self.var / "run"

    @property
    def quality_docs(self) -> Path:
        return self.var / "quality"

    @property
    def sample(self) -> Path:
        """What the sample street's departments hold, served by the stand-ins."""
        return self.var / "sample"

    @property
    def truth(self) -> Path:
        """The sample street's truth; only tests and benchmarks read it."""
        return self.var / "sample-truth"

    @property
    def pgdata(self) -> Path:
        """The embedded server's data: beside `var`, never below it, since `var` holds landing.

        Started as root the server drops to another user and opens every private parent folder on
        its way, so a checkout below one (such as /root) keeps its data in /var/lib instead.
        """
        beside = self.var.with_name(self.var.name + ".pgdata")
        private = any(not p.stat().st_mode & 0o001 for p in beside.parents if p.exists())
        if os.geteuid() == 0 and private:
            return Path("/var/lib") / f"courtyard-{hashlib.sha256(str(self.var).encode()).hexdigest()[:12]}"
        return beside
