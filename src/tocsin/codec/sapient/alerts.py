"""Alerts of nodes as events for people: what kind, how urgent, whether they stand or are over.

A node's own words are not kept: they may hold what may not enter the ledger (a serial, where
somebody stands). Who wants to know more asks the node's people.
"""

from typing import Any

from tocsin.codec.sapient._protobuf import load, name_of
from tocsin.codec.sapient.nodes import NodeState

__all__ = ["PER_MINUTE", "news_of"]

PER_MINUTE = 20  # of one node; more are counted
REMEMBERED = 64  # alerts of one node, so that one that is told again is no news


def news_of(node: NodeState, alert: Any, now_s: float) -> str | None:
    """Return an alert in words, "" where it is no news, None where the node gives too many."""
    kinds = load().Alert
    status = name_of(kinds.AlertStatus, alert.status, "ALERT_STATUS_")
    if node.alerts.get(alert.alert_id) == status:
        return ""
    if not 0.0 <= now_s - node.alerts_since_s < 60.0:
        node.alerts_since_s, node.alerts_told = now_s, 0
    if node.alerts_told >= PER_MINUTE:
        return None
    node.alerts_told += 1
    node.alerts.pop(alert.alert_id, None)
    node.alerts[alert.alert_id] = status
    while len(node.alerts) > REMEMBERED:
        del node.alerts[next(iter(node.alerts))]
    kind = name_of(kinds.AlertType, alert.alert_type, "ALERT_TYPE_")
    words = f"{kind if kind != 'unspecified' else 'alert'}, {status}"
    if alert.priority:
        level = name_of(kinds.DiscretePriority, alert.priority, "DISCRETE_PRIORITY_")
        words += f", priority {level}"
    return words
