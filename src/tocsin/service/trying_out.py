"""What a site file needs of this machine, tried before anything rests on it.

Each address is opened and let go of, each certificate and secret is read: so a watch that goes
over to the file starts with it. Nothing is written, nobody is called.
"""

from pathlib import Path

from tocsin.model import Node
from tocsin.service.clock import Clock
from tocsin.service.feeds import Feeds
from tocsin.service.handing_over import need_channel
from tocsin.service.inbox import Inbox
from tocsin.service.listening import open_all
from tocsin.service.parents import open_parents
from tocsin.service.secrets_folder import read_secret
from tocsin.service.timestamping import open_stampers

__all__ = ["try_out"]


def try_out(node: Node, data: Path, clock: Clock) -> None:
    """Raise TocsinError with what would be right where a watch of the node could not start.

    data: its data folder. Ports of the node's sensors are free while this runs, or are taken
    by others.
    """
    secrets = data / "secrets"
    open_all(node, Inbox(), clock, secrets=secrets).release()
    parents = open_parents(node, data, clock.now_s, lambda *_, **__: None)
    Feeds(node, data, parents)
    open_stampers(node, data, clock.now_s)
    for channel in node.channels:
        if channel.is_warning:
            need_channel(channel, data)
            if channel.secret:
                read_secret(channel.secret, secrets)
