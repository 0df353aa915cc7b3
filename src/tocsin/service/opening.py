"""All parts of a watch, opened and put together in a hall."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

from tocsin import __version__
from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.model import Entry, Node, mode_of
from tocsin.record.importer import Rules, read_rules, shipped_rules
from tocsin.service.blocks import name_uas
from tocsin.service.engine import Engine
from tocsin.service.feeds import Feeds
from tocsin.service.hall import Hall
from tocsin.service.imports import Imports
from tocsin.service.inbox import Inbox
from tocsin.service.keyring import Keyring
from tocsin.service.listening import open_all
from tocsin.service.live import Hub
from tocsin.service.masking import mask_body, mask_packet, mask_site
from tocsin.service.oidc import open_sign_ins
from tocsin.service.parents import open_parents
from tocsin.service.people import People
from tocsin.service.premises import hosts_of
from tocsin.service.pulse import Pulses
from tocsin.service.recovery import Past, Pipeline
from tocsin.service.secrets_folder import load_peers, load_readers, load_sentinels, load_tokens
from tocsin.service.sender import open_sender
from tocsin.service.service_ledger import ServiceLedger
from tocsin.service.shelf import Shelf
from tocsin.service.sink import ToLoop
from tocsin.service.site_files import SiteFile, Watched, digest_of, read_choice
from tocsin.service.tak import rename
from tocsin.service.timestamping import open_stampers
from tocsin.service.watch_options import WatchOptions
from tocsin.service.witnessing import Couriers

__all__ = ["load_pipeline", "open_hall", "read_watched_site"]


def open_hall(
    options: WatchOptions,
    text: str,
    node: Node,
    load: Callable[[], Pipeline] | None = None,
) -> tuple[Hall, ToLoop]:
    inbox = Inbox()
    mode = mode_of(node)
    hub = Hub(options.clock, mode, options.note)
    tokens = load_tokens(node, options.data / "secrets")
    stampers = open_stampers(node, options.data, options.clock.now_s)
    keys = Keyring.open(options.data)
    people = People(keys)
    plain = text
    text, node = mask_site(people, text, node, options.clock.now_s())
    sink = ToLoop(options, node, mode, people)
    listening = open_all(
        node,
        inbox,
        options.clock,
        functools.partial(mask_packet, people),
        functools.partial(rename, people),
        options.data / "secrets",
        functools.partial(mask_body, people),
        functools.partial(name_uas, people),
    )
    ledger = ServiceLedger(options.data / "service.sqlite", people.staff)
    parents = open_parents(node, options.data, options.clock.now_s, ledger.note)
    sender = open_sender(node, options.data, ledger, parents)
    shelf = Shelf()

    def after_commit(entries: Sequence[Entry]) -> None:
        shelf.take(entries)
        sender.take(entries)

    engine = Engine(
        load_pipeline=load or load_pipeline,
        folder=options.data / "journal",
        past=Past(node, text, options.site.name, mode, options.clock, keys),
        clock=options.clock,
        inbox=inbox,
        sink=sink,
        before_commit=people.flush,
        after_commit=after_commit,
        answer=sink.answer,
    )
    hall = Hall(
        node=node,
        site_file=SiteFile(
            options.site.resolve(), options.data / "site-files", digest_of(plain)
        ),
        site_folder=options.site.resolve().parent,
        data=options.data,
        clock=options.clock,
        ledger=ledger,
        tokens=tokens,
        readers=load_readers(node, options.data / "secrets"),
        peers=load_peers(node, options.data / "secrets"),
        sentinels=load_sentinels(node, options.data / "secrets"),
        pulses=Pulses(
            node,
            mode,
            engine.counters,
            hub,
            options.clock.now_s,
            lambda: engine.not_ready,
            sender.sirens,
        ),
        engine=engine,
        hub=hub,
        listening=listening,
        hosts=hosts_of(options),
        sender=sender,
        feeds=Feeds(node, options.data, parents),
        couriers=Couriers(node, options.data, options.clock.now_s),
        stampers=stampers,
        shelf=shelf,
        keys=keys,
        people=people,
        imports=Imports(options.data, keys),
        import_rules=_import_rules(options.data),
        secure_cookies=options.tls_cert is not None,
        is_encrypted=options.tls_cert is not None or options.behind_proxy,
        sign_ins=open_sign_ins(options),
    )
    sink.hall = hall
    hub.not_ready = lambda: engine.not_ready
    hub.reveal = people.reveal
    ledger.note_if_room("started", version=__version__, site=options.site.name, mode=mode)
    return hall, sink


def load_pipeline() -> Pipeline:
    import tocsin.pipeline  # noqa: PLC0415 - takes time: on the engine's thread
    from tocsin import _jit  # noqa: PLC0415

    _jit.load_kernels()  # a watch that is ready waits for none in mid-stream
    return tocsin.pipeline


def _import_rules(data: Path) -> Rules:
    """Return the rules of the importer: the folder's own, else those of the package."""
    own = data / "import-rules.toml"
    return read_rules(own.read_bytes(), str(own)) if own.exists() else shipped_rules()


def read_watched_site(options: WatchOptions) -> Watched:
    """Return what to watch with: the site file, or the version that an administrator chose in
    its place as long as the file is what it was then. Raises SiteError.
    """
    path = options.site
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SiteError(
            f"the site file {path} cannot be read: {error.strerror}", path=str(path)
        ) from error
    chosen = read_choice(options.data / "site-files", text)
    if chosen is None:
        node = read_site(
            text, path.name
        )  # first: it says what is wrong with octets that are no text
        return Watched(text.decode(), node, path.name)
    where = f"{path.name} (version {chosen.version})"
    node = read_site(chosen.text.encode(), where)
    return Watched(chosen.text, node, path.name, chosen.by)
