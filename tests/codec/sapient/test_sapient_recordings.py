"""Recorded SAPIENT by `tocsin decode` and `tocsin replay`: streams, JSON, damage."""

import json
import subprocess
import sys

import pytest
from tests.codec.sapient.test_sapient_intake import (
    CAMERA,
    RADAR,
    SITE,
    STRANGER,
    T,
    register,
    scan,
    status,
)

from tocsin.codec.recordings import open_recording
from tocsin.codec.sapient._protobuf import load


def run(*words):
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", *map(str, words)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert "Traceback" not in done.stderr
    return done.returncode, lines, done.stderr


def stream():
    parts = [register(), register(CAMERA, kind="camera"), status()]
    for k in range(12):
        parts += [scan(time_s=T + k, n=2), scan(CAMERA, T + k + 0.5)]
    return b"".join(parts)


def test_the_40_samples_load_and_the_one_with_degrees_labelled_utm_is_reported(data_folder):
    folder = data_folder / "sapient-samples"
    code, lines, _ = run("decode", "sapient", folder, "--json")
    *records, counts = lines
    assert code == 0
    assert len(records) == counts["frames"] == 40
    assert sum(counts["records"].values()) == 40
    assert counts["records"]["SAPIENT-TASK"] == 19
    # The samples hold 15 acknowledgements of tasks that nobody here has sent.
    assert counts["rejected"] == {
        "not placed": 3, "task refused": 19, "answer to no task": 15,
    }  # fmt: skip
    assert "they look like degrees labelled as UTM" in counts["details"]["not placed"]
    place = next(r for r in records if r["record"] == "SAPIENT-DETECTION")["detection_report"]
    assert place["location"]["coordinate_system"] == "LOCATION_COORDINATE_SYSTEM_UTM_M"


def test_one_sample_alone_tells_its_fault_too(data_folder):
    path = data_folder / "sapient-samples" / "Default.DetectionReport.json"
    code, lines, _ = run("decode", "auto", path, "--json")
    assert (code, lines[-1]["records"]) == (0, {"SAPIENT-DETECTION": 1})
    assert "degrees labelled as UTM" in lines[-1]["details"]["not placed"]
    code, lines, _ = run("replay", path, "--json")
    assert (code, lines[-1]["rejected"]) == (0, {"not placed": 1})


def test_a_recorded_stream_is_seen_and_replayed_with_the_site_file(tmp_path):
    (tmp_path / "day.sapient").write_bytes(stream())
    (tmp_path / "site.toml").write_text(SITE)
    code, lines, _ = run("decode", "auto", tmp_path / "day.sapient", "--summary", "--json")
    assert (code, lines[-1]["format"]) == (0, "sapient")
    assert lines[-1]["rejected"] == {}
    site = ("--site", tmp_path / "site.toml")
    code, lines, _ = run("replay", tmp_path / "day.sapient", *site, "--json")
    assert code == 0
    assert lines[-1]["records"] == {
        "SAPIENT-DETECTION": 36, "SAPIENT-REGISTRATION": 2, "SAPIENT-STATUS": 1,
    }  # fmt: skip
    assert (lines[-1]["detections"], lines[-1]["sensors"]) == (36, 2)
    assert lines[-1]["rejected"] == {}


def test_the_same_day_as_a_stream_and_as_json_lines_decodes_alike(tmp_path):
    messages, lines, data, at = load(), [], stream(), 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        message = messages.SapientMessage.FromString(data[at + 4 : at + 4 + size])
        lines.append(messages.json_format.MessageToJson(message, indent=None))
        at += 4 + size
    as_json = open_recording("\n".join(lines).encode(), "day.jsonl")
    as_stream = open_recording(data, "day")
    assert as_json.format == as_stream.format == "sapient"

    def sent(recording):
        frames = [
            (f.arrival_s, f.path, messages.SapientMessage.FromString(f.payload[4:]))
            for f in recording.frames
        ]
        return sorted(frames, key=lambda f: (f[0], f[1], f[2].SerializeToString()))

    assert sent(as_json) == sent(as_stream)


def test_a_recording_may_begin_after_the_registration_and_end_in_a_message():
    data = scan(time_s=T, n=2) + scan(time_s=T + 1.0, n=2)
    recording = open_recording(data[:-7], "late")
    assert len(list(recording.frames)) == 3
    assert recording.skipped == {"truncated message": 1}


def test_a_stream_that_is_damaged_inside_is_counted_and_ends_there():
    recording = open_recording(
        scan(n=2) + b"\xff\xff\xff\x7f" + scan(), "day", format="sapient"
    )
    assert len(list(recording.frames)) == 2
    assert recording.skipped == {"message too long": 1}


@pytest.mark.parametrize("text", ['{"nodeId": "x"}', '{"a": 1}', "{", '{"nodeId": 7,\n"b": 2}'])
def test_json_that_is_no_message_is_counted(tmp_path, text):
    (tmp_path / "bad.json").write_text(text)
    code, lines, errors = run("decode", "sapient", tmp_path / "bad.json", "--json")
    assert (code, lines) == (1, [])
    assert "nothing in bad.json could be read as sapient" in errors


def test_a_stranger_in_a_recording_is_counted_where_a_site_file_names_the_nodes(tmp_path):
    (tmp_path / "day.sapient").write_bytes(scan(STRANGER) + scan(RADAR))
    (tmp_path / "site.toml").write_text(SITE)
    code, lines, _ = run(
        "replay", tmp_path / "day.sapient", "--site", tmp_path / "site.toml", "--json"
    )
    assert (code, lines[-1]["detections"]) == (0, 1)
    assert lines[-1]["rejected"] == {"not registered": 1}
