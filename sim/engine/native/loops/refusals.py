"""Fields of a form that make another instruction, or one whose outcome the architecture leaves open."""

from __future__ import annotations

from collections.abc import Callable

Fields = dict[str, int]


def _nothing(fields: Fields) -> bool:
    return False


def _no_amount(fields: Fields) -> bool:
    """LSL by 0 is MOV."""
    return fields["i"] == 0


def _zero_pattern(fields: Fields) -> bool:
    """A5.3.2: a modified immediate that repeats a byte of 0."""
    return fields["i"] >> 10 == 0 and fields["i"] >> 8 & 3 != 0 and fields["i"] & 0xFF == 0


def _both_low(fields: Fields) -> bool:
    """CMP T2 is for high registers."""
    return fields["n"] < 8 and fields["m"] < 8


def _same_halves(fields: Fields) -> bool:
    """A long product into one register twice."""
    return fields["e"] == fields["h"]


def _field_too_wide(fields: Fields) -> bool:
    """UBFX, SBFX: ``i`` is the first bit, ``x`` the number of bits less one."""
    return fields["i"] + fields["x"] > 31


def _field_reversed(fields: Fields) -> bool:
    """BFI, BFC: the last bit, ``x``, before the first, ``i``."""
    return fields["x"] < fields["i"]


def _halves_saturation(fields: Fields) -> bool:
    """SSAT and USAT by ASR 0 are SSAT16 and USAT16."""
    return bool(fields["z"]) and fields["i"] == 0


def _two_sources(fields: Fields) -> bool:
    """CLZ, REV and RBIT name their source twice."""
    return fields["n"] != fields["m"]


def _far_shift_of_sp(fields: Fields) -> bool:
    """ADD and SUB to SP itself take a register shifted left by 3 at most."""
    return fields["d"] == 13 and (fields["y"] != 0 or fields["i"] > 3)


def _not_one_sp(fields: Fields) -> bool:
    """MOV from or to SP; without SP it is a shift by 0."""
    return (fields["d"] == 13) == (fields["m"] == 13)


def _no_it_block(fields: Fields) -> bool:
    """No mask is a hint; the condition "always" has no else, and there is none behind it."""
    condition, mask = fields["c"], fields["x"]
    return mask == 0 or condition == 15 or (condition == 14 and mask.bit_count() != 1)


def _no_condition(fields: Fields) -> bool:
    """Conditions 14 and 15 of a branch are other instructions."""
    return fields["c"] >= 14


def _indexed(fields: Fields) -> bool:
    """No index and no write-back is undefined, index and add alone is the unprivileged form; the base is not moved."""
    p, u, w = fields["p"], fields["u"], fields["w"]
    return (not p and not w) or (bool(p and u) and not w) or (bool(w) and fields["n"] == fields["t"])


def _jump_indexed(fields: Fields) -> bool:
    """As ``_indexed``, of a load to the PC."""
    return _indexed({**fields, "t": 15})


def _pair(fields: Fields) -> bool:
    """LDRD, STRD: exclusive accesses lie in their place; a moved base is not transferred."""
    p, w, n = fields["p"], fields["w"], fields["n"]
    return (not p and not w) or (bool(w) and n in (fields["t"], fields["e"]))


def _loaded_pair(fields: Fields) -> bool:
    return _pair(fields) or fields["t"] == fields["e"]


def _empty_list(fields: Fields) -> bool:
    return not (fields["r"] or fields.get("L", 0) or fields.get("P", 0))


def _stored_base(fields: Fields) -> bool:
    """STM T1 of its own base: what is stored is unknown unless it is the lowest register."""
    return fields["r"] == 0 or bool(fields["r"] >> fields["n"] & 1)


def _long_list(fields: Fields) -> bool:
    """32-bit LDM and STM: two registers at least, no moved base among them."""
    return fields["r"].bit_count() + fields["L"] < 2 or bool(fields["w"] and _list(fields) >> fields["n"] & 1)


def _jump_list(fields: Fields) -> bool:
    """LDM with the PC: one register more at least, and not LR."""
    return fields["r"] == 0 or bool(fields["w"] and _list(fields) >> fields["n"] & 1)


def _list(fields: Fields) -> int:
    return fields["r"] | fields.get("L", 0) << 14


REFUSALS: dict[str, Callable[[Fields], bool]] = {
    function.__name__[1:]: function
    for function in (
        _nothing, _no_amount, _zero_pattern, _both_low, _same_halves, _field_too_wide, _field_reversed,
        _halves_saturation, _two_sources, _far_shift_of_sp, _not_one_sp, _no_it_block,
        _no_condition, _indexed, _jump_indexed, _pair, _loaded_pair,
        _empty_list, _stored_base, _long_list, _jump_list,
    )
}  # fmt: skip
