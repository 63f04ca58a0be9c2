"""The labelling rule: object areas to a multi-hot label, or no label at all.

A class is present when one of its objects covers more than the class's share of the image. An image none of whose
objects belongs to a wanted class is a negative. An image that holds a wanted class, but only smaller than its share,
belongs to neither side: it would teach the network that a distant car is no car.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

NEGATIVE = "negative"

MINIMUM_AREA: Mapping[str, float] = {"car": 0.01, "person": 0.05}
"""Share of the image's area (0..1) that an object has to exceed for its class to count."""


def outputs_for(minimum_area: Mapping[str, float]) -> tuple[str, ...]:
    """Names of the network's outputs in their order: the classes and ``negative``, sorted."""
    return tuple(sorted([*minimum_area, NEGATIVE]))


def label_of(
    objects: Iterable[tuple[str, float]], image_area: float, minimum_area: Mapping[str, float] = MINIMUM_AREA
) -> tuple[int, ...] | None:
    """The multi-hot label of one image.

    Args:
        objects: class name and area in pixels of every annotated object; names outside the rule are ignored.
        image_area: width * height in pixels, the same pixels as the objects' areas.
        minimum_area: class name to the share of the image that one object has to exceed.

    Returns:
        0 or 1 for each name of ``outputs_for(minimum_area)``, or None when the image belongs to neither side.
    """
    largest: dict[str, float] = {}
    for name, area in objects:
        if name in minimum_area:
            largest[name] = max(area, largest.get(name, 0.0))
    present = {name for name, area in largest.items() if area > minimum_area[name] * image_area}
    if largest and not present:
        return None
    if not largest:
        present = {NEGATIVE}
    return tuple(int(name in present) for name in outputs_for(minimum_area))
