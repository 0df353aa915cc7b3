"""The quick test for "no fault" and the slow search for faults say the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.codec.sapient import read_json, validate
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.validate import _check, _is_sound, _table


def slow_faults(message):
    faults = []
    _check(message, _table(), "", faults)
    return faults


def parts(message):
    """Give the message and every message in it."""
    yield message
    for item, value in message.ListFields():
        if item.message_type is not None:
            for part in value if item.is_repeated else (value,):
                yield from parts(part)


@pytest.fixture(scope="module")
def samples(data_folder):
    folder = data_folder / "sapient-samples"
    return [read_json(p.read_bytes()) for p in sorted(folder.glob("*.json"))]


def test_every_sample_is_found_sound_by_both_or_by_neither(samples):
    assert len(samples) == 40
    for message in samples:
        assert _is_sound()(message) == (not slow_faults(message))


@settings(max_examples=300)
@given(st.data())
def test_with_any_field_cleared_or_any_text_changed_both_say_the_same(samples, data):
    message = type(samples[0]).FromString(
        data.draw(st.sampled_from(samples)).SerializeToString()
    )
    for _ in range(data.draw(st.integers(1, 3))):
        part = data.draw(st.sampled_from(list(parts(message))))
        present = [item for item, _ in part.ListFields()]
        if not present:
            continue
        item = data.draw(st.sampled_from(present))
        is_text = item.type == item.TYPE_STRING and not item.is_repeated
        if is_text and data.draw(st.booleans()):
            setattr(part, item.name, data.draw(st.text(max_size=30)))
        else:
            part.ClearField(item.name)
    assert _is_sound()(message) == (not slow_faults(message))
    assert validate(message) == slow_faults(message)


def test_each_mandatory_field_of_the_definitions_is_missed_by_its_path(samples):
    """Built from the options in the definitions: what they mark is what is asked for."""
    options = load()
    seen = set()
    for message in samples:
        if validate(message):
            continue
        data = message.SerializeToString()
        for number, part in enumerate(parts(message)):
            for item, _ in part.ListFields():
                if not item.GetOptions().Extensions[options.field_options].is_mandatory:
                    continue
                other = type(message).FromString(data)
                list(parts(other))[number].ClearField(item.name)
                (fault, *_) = validate(other)
                assert fault.path.split(".")[-1].split("[")[0] == item.name
                assert "mandatory and missing" in fault.sentence
                seen.add((part.DESCRIPTOR.name, item.name))
    assert len(seen) > 40
