"""The command line: one file a verb, loaded only when it is called."""

import sys

from tocsin.cli._output import drop_output, fail, spare_letters
from tocsin.errors import CallError, SiteError, TocsinError

__all__ = ["VERBS", "main"]

# verb: where its function is, and what it does. A verb stands here only once it works.
VERBS: dict[str, tuple[str, str]] = {
    "demo": ("tocsin.cli.demo:demo", "Play a simulated day at two bases, live on the map."),
    "watch": ("tocsin.cli.watch:watch", "Watch the sites of a site file, on a web page."),
    "decode": ("tocsin.cli.decode:decode", "Print what the bytes of a recording say."),
    "doctor": ("tocsin.cli.doctor:doctor", "Check a site file and say what would be right."),
    "explain": (
        "tocsin.cli.explain:explain",
        "Follow one message from bytes to track.",
    ),
    "track": ("tocsin.cli.track:track", "Track the detections of a scenario folder."),
    "record": ("tocsin.cli.record:app", "Verify the record, export it, ask who said what."),
    "key": ("tocsin.cli.key:app", "Show, hand out and replace the keys that sign the record."),
    "report": ("tocsin.cli.report:report", "Write the report of an incident as one page."),
    "publish": ("tocsin.cli.publish:publish", "Write public pages and a feed from exports."),
    "replay": (
        "tocsin.cli.replay:replay",
        "Play journals and recordings through the pipeline.",
    ),
    "sim": ("tocsin.cli.sim:app", "Play simulated raids and count what came of them."),
    "sapient": ("tocsin.cli.sapient:app", "Test SAPIENT nodes and fusion nodes over TCP."),
    "sentinel": (
        "tocsin.cli.sentinel:sentinel",
        "Watch a watch from another machine, with an alarm of its own.",
    ),
    "warm": ("tocsin.cli.warm:warm", "Compile all kernels now, so that no start has to wait."),
}


def main(tokens: list[str] | None = None) -> None:
    """Run one verb and leave with its exit status: 0, 1 for bad data, 2 for a bad call."""
    try:
        import cyclopts
    except ModuleNotFoundError:  # `pip install tocsin` brings the library alone
        fail(
            "the command line is not installed; run: pip install 'tocsin[cli]' (for the watch: "
            "'tocsin[all]')",
            CallError.exit_status,
        )

    app = cyclopts.App(
        name="tocsin",
        help="Watch the airspace around protected sites, warn people in time, keep the record.",
        version=_version,
    )
    words = sys.argv[1:] if tokens is None else tokens
    spare_letters()
    # A verb's own docstring is its help; the list of verbs must not load them all for it.
    listing = not words or words[0].startswith("-")
    for verb, (where, does) in VERBS.items():
        app.command(where, name=verb, help=does if listing else None)
    try:
        app(words)
    except TocsinError as error:
        fail(str(error), _status_of(error))
    except BrokenPipeError:  # `tocsin ... | head`
        drop_output()
        sys.exit(1)
    except OSError as error:  # a full disk behind `>`, or a file that no verb has guarded
        drop_output()
        fail(f"{error.filename or 'the output'}: {error.strerror or error}", 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _status_of(error: TocsinError) -> int:
    """Return the status; a site file that cannot be opened is a bad call of every verb."""
    is_unopened = isinstance(error, SiteError) and isinstance(error.__cause__, OSError)
    return CallError.exit_status if is_unopened else error.exit_status


def _version() -> str:
    from tocsin import __version__

    return f"tocsin {__version__}"
