"""What the watch set's sensors report, straight into columns: many quiet hours in little time.

The same draws as the bytes that `tocsin.sim.sources` sends, through no codec: a plot is rounded as
CAT048 rounds it, a turn's sectors end when they end, the camera's look has its scan mark.
"""

import math
from dataclasses import fields
from operator import attrgetter

import numpy as np

from bench import watch_set
from tocsin.codec.asterix import cat048
from tocsin.codec.asterix._geometry import elevation_of
from tocsin.model import Coverage, DetectionBatch
from tocsin.sim import camera, radar
from tocsin.units import DEG, FOOT_M, NAUTICAL_MILE_M, TAU

TICK_S = 0.2
RANGE_STEP_M = cat048.RHO_LSB_NM * NAUTICAL_MILE_M
AZIMUTH_STEP_RAD = cat048.THETA_LSB_DEG * DEG
HEIGHT_STEP_M = cat048.HEIGHT_LSB_FT * FOOT_M
DOPPLER_STEP_MPS = cat048.DOPPLER_LSB_MPS
columns_of = attrgetter(*(field.name for field in fields(DetectionBatch)))
ROOT_12 = math.sqrt(12.0)  # a value rounded to steps of q has a deviation of q / sqrt(12)


class Feed:
    """The radar and the camera of one site whose world it is; `take` gives a tick's reports."""

    def __init__(self, node, world, draws, *, day_s, from_s, first):
        """First: the roster index of this site's radar; its camera is the next."""
        self.day_s, self.first = day_s, first
        site = node.sites[0]
        eye, dish = (next(s for s in node.sensors if s.kind == k) for k in ("camera", "radar"))
        sees = {v.sensor: v for v in watch_set.SEES}
        self.dish = radar.Radar(
            dish, sees["radar"].r50_m, dish.alt_m - site.alt_m, site.geoid_m
        )
        self.eye = camera.Camera(eye, sees["camera"].r50_by_kind_m, eye.alt_m - site.alt_m)
        self.sigmas = tuple(
            math.hypot(of, step) for of, step in (
                (dish.sigma_range_m, RANGE_STEP_M / ROOT_12),
                (dish.sigma_azimuth_deg * DEG, AZIMUTH_STEP_RAD / ROOT_12),
                (dish.sigma_range_rate_mps, DOPPLER_STEP_MPS / ROOT_12),
            )
        )  # fmt: skip
        self.turns = radar.turns(self.dish, world, draws, from_s=from_s)
        self.glances = camera.glances(self.eye, world, draws, from_s=from_s)
        self.period_s = dish.scan_period_s / radar.SECTORS
        self._turn()
        self.glance = next(self.glances)

    def take(self, until_s):
        """Return what ended at or before until_s, seconds of the day, and where was looked."""
        parts, looks = [], []
        while (end_s := self.end_s[self.sector]) <= until_s:
            first = self.sector
            while end_s <= until_s:
                looks.append(self._look(end_s))
                self.sector += 1
                if self.sector == radar.SECTORS:
                    break
                end_s = self.end_s[self.sector]
            begin, end = self.first_row[first], self.first_row[self.sector]
            if begin < end:  # read only: the rows are not copied
                parts.append(DetectionBatch(*[column[begin:end] for column in self.columns]))
            if self.sector == radar.SECTORS:
                self._turn()
        while self.glance.time_s <= until_s:
            parts.append(self._sights())
            at_s = self.day_s + self.glance.time_s
            looks.append(Coverage(self.first + 1, at_s - 0.05, at_s))
            self.glance = next(self.glances)
        filled = [part for part in parts if len(part)]
        return DetectionBatch.join(filled), tuple(looks)

    def _look(self, end_s):
        turned = TAU / radar.SECTORS
        return Coverage(
            self.first, self.day_s + end_s - self.period_s, self.day_s + end_s,
            self.sector * turned, (self.sector + 1) % radar.SECTORS * turned,
        )  # fmt: skip

    def _turn(self):
        """Go on to the next turn: its plots as they are reported, sector by sector."""
        start_s, plots = next(self.turns)
        self.sector = 0
        self.end_s = [start_s + (k + 1) * self.period_s for k in range(radar.SECTORS)]
        self.first_row = plots.sector.searchsorted(np.arange(radar.SECTORS + 1)).tolist()
        batch = DetectionBatch.blank(len(plots.time_s))
        self.columns = columns_of(batch)
        if not len(batch):
            return
        batch.time_s[:] = self.day_s + plots.time_s
        batch.arrival_s[:] = self.day_s + np.array(self.end_s)[plots.sector]
        batch.sensor[:] = self.first
        batch.flags[:] = DetectionBatch.SIMULATED_TARGET
        step_m, step = RANGE_STEP_M, AZIMUTH_STEP_RAD
        batch.range_m[:] = np.maximum(np.round(plots.range_m / step_m), 1) * step_m
        batch.azimuth_rad[:] = np.round(plots.azimuth_rad / step) * step
        batch.range_rate_mps[:] = np.round(plots.range_rate_mps)
        batch.sigma_range_m[:], batch.sigma_azimuth_rad[:] = self.sigmas[:2]
        batch.sigma_range_rate_mps[:] = self.sigmas[2]
        dish, foot_m = self.dish.sensor, HEIGHT_STEP_M
        sigma_rad, step_m = dish.sigma_elevation_deg * DEG, HEIGHT_STEP_M / ROOT_12
        elevations, sigmas = [], []
        for range_m, alt_m in zip(batch.range_m.tolist(), plots.height_m.tolist()):
            msl_m = alt_m - self.dish.geoid_m
            height_m = round(msl_m / foot_m) * foot_m + self.dish.geoid_m
            elevations.append(elevation_of(range_m, height_m, dish.lat, dish.alt_m))
            sigmas.append(math.hypot(sigma_rad, step_m / range_m))
        batch.elevation_rad[:], batch.sigma_elevation_rad[:] = elevations, sigmas

    def _sights(self):
        glance = self.glance
        batch = DetectionBatch.blank(len(glance.azimuth_rad))
        if len(batch):
            batch.time_s[:] = batch.arrival_s[:] = self.day_s + glance.time_s
            batch.sensor[:] = self.first + 1
            batch.flags[:] = DetectionBatch.SIMULATED_TARGET
            batch.azimuth_rad[:] = glance.azimuth_rad
            batch.elevation_rad[:] = glance.elevation_rad
            batch.class_scores[:] = glance.scores
        return batch
