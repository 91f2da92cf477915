"""What the last complete preparation was made for, so that an unchanged installation skips it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from banyan.ops.assets import is_collected, schema_inputs_seal, static_inputs_seal
from banyan.ops.environment import Surroundings


@dataclass(frozen=True, slots=True)
class Preparation:
    """The inputs of a preparation: equal inputs, same outcome."""

    static: str
    schema: str
    database: str
    demo: bool

    @classmethod
    def of(cls, surroundings: Surroundings) -> Self:
        """The inputs as they are now."""
        return cls(
            static=static_inputs_seal(),
            schema=schema_inputs_seal(),
            database=_cluster(surroundings.data_dir),
            demo=surroundings.demo,
        )

    def note(self, surroundings: Surroundings, *, logins: str) -> None:
        """Remember that these inputs are prepared for, and the demo's logins. Atomic."""
        path = _path(surroundings)
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps({"inputs": asdict(self), "logins": logins}), encoding="utf-8")
        draft.replace(path)

    def is_current(self, surroundings: Surroundings) -> bool:
        """Whether the noted preparation had these inputs and its outcome is still there.

        Always False for a database that is not ours: others may have changed it meanwhile.
        """
        return (
            not surroundings.database_url
            and bool(self.database)
            and _noted(surroundings).get("inputs") == asdict(self)
            and is_collected(surroundings.static_root, self.static)
        )


def noted_logins(surroundings: Surroundings) -> str:
    """The demo's logins of the last preparation, or an empty string."""
    return str(_noted(surroundings).get("logins", ""))


def _path(surroundings: Surroundings) -> Path:
    return surroundings.var / "prepared.json"


def _noted(surroundings: Surroundings) -> dict[str, object]:
    try:
        noted = json.loads(_path(surroundings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _cluster(data_dir: Path) -> str:
    """Which cluster this is: a new one in the same place is another database."""
    try:
        info = (data_dir / "PG_VERSION").stat()
    except OSError:
        return ""
    return f"{info.st_ino} {info.st_mtime_ns}"
