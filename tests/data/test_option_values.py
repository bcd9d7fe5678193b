"""Values of options, as they are converted and refused."""

import pytest

from wise_hf.data.options import (
    as_label_map,
    different_names,
    not_negative,
    positive,
    positive_number,
    share,
    whole_number,
)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (different_names, "angry,,sad"),
        (different_names, "sad,sad"),
        (as_label_map, "calm"),
        (as_label_map, "calm="),
        (positive, "0"),
        (positive, "1.5"),
        (positive, "²"),
        (positive, "1" * 9_999),
        (share, 10**400),
        (positive, True),
        (whole_number, "-1"),
        (share, "1"),
        (share, "nan"),
        (share, [1]),
        (positive_number, "0"),
        (not_negative, "inf"),
    ],
)
def test_values_that_make_no_sense_are_refused(function, text):
    with pytest.raises(ValueError, match="is not"):
        function(text)


def test_lists_and_maps_are_read():
    assert different_names("angry, sad") == ["angry", "sad"]
    assert (
        as_label_map("calm=neutral,excited=happy") == {"calm": "neutral", "excited": "happy"}
        and as_label_map("") == {}
    )
    assert (whole_number("0"), whole_number(7), share("0.5"), not_negative(0)) == (0, 7, 0.5, 0.0)


def test_a_long_value_is_told_in_part():
    with pytest.raises(ValueError, match="'x{80}' is not a list of OLD=NEW"):
        as_label_map("x" * 9_999)
