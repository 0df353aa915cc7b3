"""A watch without sockets: batches stepped and journalled as the engine does, time by hand."""

import json
import math
import random
from contextlib import closing, contextmanager

from tests.service.harness import SITE

from tocsin import pipeline
from tocsin.model import Batch, Frame
from tocsin.service.clock import Clock
from tocsin.service.journal import Snapshot, Written
from tocsin.service.keyring import Keyring
from tocsin.service.masking import mask_site
from tocsin.service.opening import read_watched_site
from tocsin.service.people import People
from tocsin.service.premises import make_folder
from tocsin.service.recovery import Past, begin_or_resume
from tocsin.service.taking_up import take_up_site
from tocsin.service.watch_options import WatchOptions

T0_S = 1_790_000_000.0
SPEED_MPS = 51.0  # no bird flies so, and range rates tell it within seconds
FAR_M, NEAR_M = 6000.0, 3600.0
HANGAR = """[[site.zone]]
id = "hangar"
center_offset_m = [0, -300]
radius_m = 500
ceiling_m = 600
shelter_s = 60
"""
WITH_HANGAR = SITE.replace("[[sensor]]", HANGAR + "[[sensor]]", 1)
ONLY_HANGAR = WITH_HANGAR.replace('id = "apron"', 'id = "gone"', 1)
ONLY_HANGAR = SITE.replace(SITE[SITE.index("[[site.zone]]") : SITE.index("[[sensor]]")], HANGAR)


def options_at(folder, at_s):
    """Return the options of a watch whose clock stands near a time."""
    import time

    return WatchOptions(
        site=folder / "site.toml", data=folder / "data", port=0,
        clock=Clock(at_s, time.time(), 1.0),
    )  # fmt: skip


def start(folder, at_s, text=None, said=None):
    """Return what a start at a time watches with, as `tocsin watch` settles it."""
    if text is not None:
        (folder / "site.toml").write_text(text)
    options = options_at(folder, at_s)
    make_folder(options.data)
    said = [] if said is None else said
    return take_up_site(options, read_watched_site(options), said.append, lambda: pipeline)


@contextmanager
def running(folder, at_s, watched):
    """Give a function that journals a step of (time, frames), as the engine does."""
    options = options_at(folder, at_s)
    with closing(Keyring.open(options.data)) as keys:
        people = People(keys)
        text, node = mask_site(people, watched.text, watched.node, at_s)
        past = Past(node, text, "site.toml", "live", options.clock, keys)
        found = begin_or_resume(pipeline, options.data / "journal", past, at_s)
        journal = found.journal

        def step(now_s, frames=()):
            batch = Batch(max(now_s, found.now_s), tuple(frames))
            found.now_s = batch.now_s
            found.state, outcome = pipeline.step(found.state, batch)
            for frame in frames:
                found.sequences[frame.source] = frame.sequence
            journal.append([Written(journal.number + 1, batch, outcome.entries)])
            return outcome

        step.found = found
        yield step
        body = pipeline.freeze(found.state)
        journal.append([], Snapshot(journal.number, found.now_s, body, found.sequences))
        journal.close()


def approach(step, from_s, seconds, south_m, towards_m=0.0):
    """Let a drone come straight in from the south, seen by the camera once a second; return the
    outcomes.
    """
    chance = random.Random(7)
    outcomes = []
    sequence = step.found.sequences.get("camera", -1)
    for k in range(int(seconds * 5)):
        now_s = from_s + 0.2 * (k + 1)
        frames = []
        if k % 5 == 0:
            sequence += 1
            scan = scan_at(now_s, south_m - SPEED_MPS * (now_s - from_s) - towards_m, chance)
            frames = [Frame("camera", sequence, now_s, scan)]
        outcomes.append(step(now_s, frames))
    return outcomes


def quiet(step, from_s, seconds):
    """Let the camera look at an empty sky."""
    sequence = step.found.sequences.get("camera", -1)
    outcomes = []
    for k in range(int(seconds * 5)):
        now_s = from_s + 0.2 * (k + 1)
        frames = []
        if k % 5 == 0:
            sequence += 1
            body = {"sensor": "camera", "scan": {"start_s": now_s - 0.2, "end_s": now_s},
                    "detections": []}  # fmt: skip
            frames = [Frame("camera", sequence, now_s, json.dumps(body).encode())]
        outcomes.append(step(now_s, frames))
    return outcomes


def scan_at(now_s, south_m, chance):
    ground_m = math.hypot(south_m, 50.0)
    noise = chance.gauss
    detection = {
        "time_s": now_s,
        "range_m": math.hypot(ground_m, 100.0) + noise(0.0, 8.0),
        "azimuth_deg": 180.0 + math.degrees(math.atan2(50.0, south_m)) + noise(0.0, 0.7),
        "elevation_deg": math.degrees(math.atan2(100.0, ground_m)) + noise(0.0, 0.7),
        "range_rate_mps": -SPEED_MPS + noise(0.0, 0.5),
        "sigma_range_rate_mps": 0.5,
        "class_scores": {"drone_fixed_wing": 0.9, "bird": 0.05},
    }
    scan = {"start_s": now_s - 0.2, "end_s": now_s}
    return json.dumps({"sensor": "camera", "scan": scan, "detections": [detection]}).encode()
