"""An airport with an approach and a runway, and what flies near it, as tables."""

import numpy as np
from tests.identity.flights import blank_table

from tocsin.codec.site_toml import read_site
from tocsin.model import CLASSES, LABELS, IdentityTable

SITE_FILE = b"""
schema = 1
[node]
name = "North field"
profile = "airport"
[[site]]
id = "field"
name = "Field"
icao = "XXNF"
lat = 48.0
lon = 11.0
elevation_m = 500
resume_criteria = ["Runway inspected", "Tower agrees"]
[[site.zone]]
id = "apron"
radius_m = 400
ceiling_m = 300
shelter_s = 60
[[site.volume]]
id = "runway"
name = "Runway 26"
kind = "runway"
polygon = [[10.98, 47.998], [11.02, 47.998], [11.02, 48.002], [10.98, 48.002]]
ceiling_m = 120
[[site.volume]]
id = "final"
name = "final runway 26"
kind = "approach"
line = [[11.02, 48.0], [11.15, 48.0]]
width_m = 1000
ceiling_m = 150
far_floor_m = 250
far_ceiling_m = 800
[[sensor]]
id = "radar"
kind = "radar"
format = "asterix"
listen = "udp://127.0.0.1:8600"
sites = ["field"]
lat = 48.001
lon = 11.0
height_m = 10
sigma_range_m = 10
sigma_azimuth_deg = 0.5
"""
NODE = read_site(SITE_FILE, "field.toml")
T0_S = 1_767_225_600.0


def sky(*rows, now_s=T0_S):
    """Return tables of rows (track, label, state of 6, sigma in plan, in height, of rates)."""
    tracks, identities = blank_table(len(rows), now_s), IdentityTable.blank(len(rows))
    for k, (track, label, state, plan_m, up_m, rate_mps) in enumerate(rows):
        tracks.track_id[k] = identities.track_id[k] = track
        tracks.state[k] = state
        sigmas = np.array([plan_m, plan_m, up_m, rate_mps, rate_mps, 0.3 * rate_mps])
        tracks.covariance[k] = np.diag(sigmas * sigmas)
        identities.label[k] = LABELS.index(label)
        if label in CLASSES:
            identities.probability[k, CLASSES.index(label)] = 0.95
            identities.none[k] = 0.05
        identities.harm[k] = 0.05 if label in ("aircraft", "bird") else 0.95
    return tracks, identities


def drone(track=1, at=(3000.0, 100.0, 100.0), moves=(0.0, 0.0, 0.0), *, plan_m=15.0):
    return (track, "drone_multirotor", (*at, *moves), plan_m, 10.0, 1.0)


def traffic(track=7, at=(7000.0, 0.0, 380.0), moves=(-65.0, 0.0, -3.4)):
    """On final: 65 m/s and three degrees down, over the near end of the line after 85 s."""
    return (track, "aircraft", (*at, *moves), 20.0, 15.0, 1.0)
