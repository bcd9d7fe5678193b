import numpy as np
import pytest

from wise_hf.model.decoder_wise import model_file
from wise_hf.model.senones_wise import read_definition


pytest.importorskip("pocketsphinx")


@pytest.fixture(scope="module")
def definition():
    return read_definition(model_file("en-us/mdef"))


def test_every_phone_has_three_states_of_its_own_sounds_in_any_context(definition):
    for phone, number in definition.phones.items():
        base = definition.base_states(phone)
        np.testing.assert_array_equal(base, definition.all_base_states()[number])
        for left, right, position in (("SIL", "AA", 1), ("T", "IY", 0), ("S", "SIL", 2), ("SIL", "SIL", 3)):
            states = definition.states(phone, left, right, position)
            assert states.shape == (3,)
            assert set(definition.codebooks[[*base, *states]].tolist()) == {number}


def test_a_context_changes_the_states_of_a_phone_and_of_silence_does_not(definition):
    assert set(definition.states("AA", "B", "T", 0)) != set(definition.states("AA", "S", "N", 0))
    assert definition.states("SIL", "AA", "T", 0).tolist() == definition.base_states("SIL").tolist()


def test_all_senones_belong_to_a_phone(definition):
    assert len(definition.codebooks) == 5126
    assert set(definition.codebooks.tolist()) == set(definition.phones.values())


def test_a_file_of_another_format_is_named(tmp_path):
    data = bytearray(model_file("en-us/mdef").read_bytes())
    data[:4] = b"FDMB"
    (tmp_path / "mdef").write_bytes(data)
    with pytest.raises(ValueError, match=r"mdef is no three-state binary model definition; use"):
        read_definition(tmp_path / "mdef")
