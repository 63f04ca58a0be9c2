"""The graded task as a file (``model/configs/grades.toml``): grades and limits, costs of confusion, zones, sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.dataset.coco import Source
from model.dataset.grades import Grade
from model.errors import CrosscamError, shown
from model.inside import path_below
from model.reading import UnreadableError, quoted, toml_of

_KEYS = ("seed", "grade", "costs", "zones", "training", "validation")
_MOST_GRADES = 16


@dataclass(frozen=True)
class GradesRecipe:
    """What a recipe file says.

    ``costs``: ``float64[grades, grades]``, of taking the row's grade for the column's, 0 on the diagonal; ``zones``:
    name to the wanted false-positive rate (0..1) of the score, rising.
    """

    path: Path
    grades: tuple[Grade, ...]
    costs: NDArray[np.float64]
    zones: dict[str, float]
    training: tuple[Source, ...]
    validation: tuple[Source, ...]
    seed: int

    @property
    def names(self) -> tuple[str, ...]:
        """Of the grades, in order of severity."""
        return tuple(grade.name for grade in self.grades)

    def without(self, names: Sequence[str]) -> GradesRecipe:
        """The recipe without some of its training sources.

        Raises:
            CrosscamError: one that it does not have, or none left.
        """
        known = [source.name for source in self.training]
        for name in names:
            if name not in known:
                raise CrosscamError(
                    f"{self.path}: trains on {', '.join(known)}; expected one of them, got {shown(name)}"
                )
        left = tuple(source for source in self.training if source.name not in names)
        if names and not left:
            raise CrosscamError(f"{self.path}: nothing is left to train on; leave out fewer sources")
        return replace(self, training=left)


def read_grades(path: Path | str) -> GradesRecipe:
    """Read a recipe file.

    Raises:
        CrosscamError: missing file, bad TOML, an unknown, missing or ill-typed key.
    """
    path = Path(path)
    data = toml_of(path, "recipe", "recipe of grades; see model/configs/grades.toml")
    unknown = sorted(set(data) - set(_KEYS))
    if unknown:
        raise CrosscamError(f"{path}: unknown key {shown(unknown[0])}; expected {', '.join(_KEYS)}")
    seed = data.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise CrosscamError(f"{path}: seed = {quoted(seed)}; expected an integer from 0")
    grades = _grades(path, data.get("grade"))
    return GradesRecipe(
        path,
        grades,
        _costs(path, data.get("costs"), tuple(grade.name for grade in grades)),
        _zones(path, data.get("zones")),
        _sources(path, "training", data.get("training", [])),
        _sources(path, "validation", data.get("validation", [])),
        seed,
    )


def _number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def _grades(path: Path, entries: Any) -> tuple[Grade, ...]:
    if not isinstance(entries, list) or not 2 <= len(entries) <= _MOST_GRADES:
        raise CrosscamError(f"{path}: expected 2 to {_MOST_GRADES} [[grade]] with a name, in order of severity")
    grades: list[Grade] = []
    for number, entry in enumerate(entries, start=1):
        where = f"{path}: grade {number}"
        if not isinstance(entry, dict) or not set(entry) <= {"name", "above"}:
            raise CrosscamError(f"{where}: expected a name and `above`, a table of shares")
        name, above = entry.get("name"), entry.get("above", {})
        if not isinstance(name, str) or not name.isidentifier() or len(name) > 30:
            raise CrosscamError(f"{where}: name = {quoted(name)}; expected a letter, then letters, digits and '_'")
        if name in [grade.name for grade in grades]:
            raise CrosscamError(f"{where}: {name!r} is the name of an earlier one, expected another")
        if not isinstance(above, dict) or not all(_number(share, 0, 1) for share in above.values()):
            raise CrosscamError(f"{where}: above = {quoted(above)}; expected class = share of the picture, 0 to 1")
        if bool(above) != bool(grades):
            raise CrosscamError(f"{where}: expected `above` for all grades but the first, which is of all the rest")
        grades.append(Grade(name, above))
    return tuple(grades)


def _costs(path: Path, table: Any, names: tuple[str, ...]) -> NDArray[np.float64]:
    if not isinstance(table, dict) or set(table) != set(names):
        raise CrosscamError(f"{path}: expected [costs] with one row for each of {', '.join(names)}")
    for place, name in enumerate(names):
        row = table[name]
        if not isinstance(row, list) or len(row) != len(names) or not all(_number(cost, 0, 1e6) for cost in row):
            raise CrosscamError(f"{path}: [costs] {name} = {quoted(row)}; expected {len(names)} numbers from 0")
        if row[place] != 0:
            raise CrosscamError(f"{path}: [costs] {name}: {name} taken for {name} costs {row[place]}, expected 0")
    return np.array([table[name] for name in names], np.float64)


def _zones(path: Path, table: Any) -> dict[str, float]:
    if not isinstance(table, dict) or not table:
        raise CrosscamError(f"{path}: expected [zones] with the wanted false-positive rate of each")
    for name, rate in table.items():
        if not name.isidentifier() or len(name) > 30 or not _number(rate, 0, 1):
            raise CrosscamError(f"{path}: [zones] {shown(name)} = {quoted(rate)}; expected name = rate, 0 to 1")
    if list(table.values()) != sorted(table.values()):
        raise CrosscamError(f"{path}: [zones]: expected rising rates, the strictest zone first")
    return {name: float(rate) for name, rate in table.items()}


def _sources(path: Path, key: str, entries: Any) -> tuple[Source, ...]:
    kinds: dict[str, type | tuple[type, ...]] = {"folder": str, "split": str, "weight": (int, float)}
    if not isinstance(entries, list):
        raise CrosscamError(f"{path}: {key} is {quoted(entries)}; expected [[{key}]] with folder and split")
    sources = []
    for number, entry in enumerate(entries, start=1):
        where = f"{path}: {key} {number}"
        if not isinstance(entry, dict) or not {"folder", "split"} <= set(entry) <= set(kinds):
            raise CrosscamError(f"{where}: expected folder, split and perhaps weight")
        for name, value in entry.items():
            if not isinstance(value, kinds[name]) or isinstance(value, bool):
                raise CrosscamError(
                    f"{where}: {name} = {quoted(value)}; expected a {'text' if name != 'weight' else 'number'}"
                )
        if not _number(entry.get("weight", 1.0), 1e-6, 1e6):
            raise CrosscamError(f"{where}: weight = {quoted(entry['weight'])}; expected a positive number")
        for name in ("folder", "split"):
            try:
                path_below(Path(), entry[name])
            except UnreadableError as error:
                raise CrosscamError(f"{where}: {name} {quoted(entry[name])}: {error}") from error
        sources.append(Source(**entry))
    return tuple(sources)
