"""A person's sighting as a detection of a post of people."""

import math

from tocsin.codec._work import Work, add_row, count, health_of, place_of
from tocsin.model import Act
from tocsin.sensor import FUTURE_S, OLD_S, plot_of, post_of, site_of

__all__ = ["take_sighting"]


def take_sighting(work: Work, act: Act) -> None:
    """Add the row of a sighting that can be placed. One that cannot is answered with a
    sentence by the watch, so nothing is counted here.
    """
    report = act.sighting
    if report is None or report.wrong:
        return
    site = site_of(work.node, act.site, report)
    post = post_of(work.node, site.id, report.post) if site is not None else None
    if post is None or (place := place_of(work, post.id)) < 0:
        return
    seen_s = report.seen_s if math.isfinite(report.seen_s) else work.now_s
    if not -FUTURE_S <= work.now_s - seen_s <= OLD_S:
        return
    count(work, "sighting")
    health = health_of(work.session, post.id)
    health.frames += 1
    health.heard_s = work.now_s
    add_row(
        work,
        time_s=min(seen_s, work.now_s),
        arrival_s=work.now_s,
        sensor=place,
        **plot_of(report, post),
    )
