"""What scores amount to, by grades, zones and thresholds."""

from __future__ import annotations

from model.judgement import Judgement

GRADED = Judgement(("S", "Q", "X"), "score", {"trusted": 100, "neutral": 20, "untrusted": -50})
THRESHOLDS = {"score": 20, "S": 0, "Q": 0, "X": 0}


def scores(score: int, *grades: int) -> dict[str, int]:
    return dict(zip(("score", "S", "Q", "X"), (score, *grades), strict=True))


def test_the_highest_grade_holds_the_first_of_equal_ones() -> None:
    assert GRADED.grade(scores(0, -128, 5, 4)) == "Q"
    assert GRADED.grade(scores(127, 5, 5, 5)) == "S"
    assert Judgement().grade({"car": 3}) == ""


def test_the_strictest_zone_that_is_reached() -> None:
    said = [GRADED.zone(scores(score, 0, 0, 0)) for score in (127, 100, 99, 20, 19, -50, -51)]
    assert said == ["trusted", "trusted", "neutral", "neutral", "untrusted", "untrusted", "none"]
    assert Judgement().zone({"car": 3}) == ""


def test_a_grade_is_named_alone() -> None:
    assert GRADED.present(("score", "S", "Q", "X"), (127, -128, -100, -101), THRESHOLDS) == ("Q",)
    assert GRADED.present(("score", "S"), (127, 127), THRESHOLDS) == ()  # not all grades are known


def test_without_grades_thresholds_decide() -> None:
    thresholds = {"car": 42, "negative": -63, "person": 57}
    assert Judgement().present(("car", "negative", "person"), (42, 127, 56), thresholds) == ("car",)
    assert Judgement().present(("car", "negative", "person"), (41, -128, 56), thresholds) == ("negative",)
    assert Judgement().present(("cat",), (0,), {"cat": 1}) == ()
    zoned = Judgement(zone_label="car", zones={"sure": 100})
    assert zoned.present(("car", "dog"), (101, 3), {"car": 0, "dog": 5}) == ("car",)
