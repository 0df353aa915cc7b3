"""`tocsin watch SITE.toml`: the service and its web page."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tocsin.cli._numbers import Whole
from tocsin.cli._output import print_words
from tocsin.errors import CallError

__all__ = ["watch"]


def watch(
    site: Path | None = None,
    *,
    data: Path = Path("tocsin-data"),
    host: str = "127.0.0.1",
    port: Whole = 8080,
    clock_epoch: float | None = None,
    clock_anchor: float | None = None,
    clock_rate: float = 1.0,
    note: str = "",
    user: str = "officer",
    link: Annotated[bool, Parameter(negative="")] = False,
    behind_proxy: Annotated[bool, Parameter(negative="")] = False,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    drill_of: str = "",
    oidc_issuer: str = "",
    oidc_client: str = "",
    oidc_claim: str = "preferred_username",
) -> None:
    """Watch the sites of a site file until it is stopped (Ctrl-C, SIGTERM).

    Example: ``tocsin watch site.toml --data /var/lib/tocsin``

    Parameters
    ----------
    site
        The site file (TOML). ``tocsin demo`` needs none.
    data
        Folder of the journal, the service's database and secrets; made if it is not there.
    host
        Address of the web page. Beyond this machine it takes a certificate or a proxy.
    port
        Port of the web page.
    clock_epoch
        Service time (Unix seconds) at the anchor; for simulated sources, which know it too.
    clock_anchor
        The machine's Unix time at which service time is the epoch.
    clock_rate
        Seconds of service time in a second.
    note
        A sentence that stands beside the clock on every screen.
    user
        Name of the first user, who is signed in by the link that is printed.
    link
        Print a sign-in link also where there are users already.
    behind_proxy
        A proxy on this machine encrypts what comes from the network.
    tls_cert
        Certificate chain (PEM), to serve HTTPS.
    tls_key
        Its private key (PEM).
    drill_of
        This is a drill beside the real watch at this address: it ends when a CAUTION stands
        there. The token of a [[sentinel]] of that watch is the secret `drill` of this one.
    oidc_issuer
        OpenID provider at which people with an account sign in, as it calls itself.
    oidc_client
        The id that the provider gave this service; what it gave with it is the secret `oidc`.
    oidc_claim
        Claim of the provider's token that holds the name of the account.
    """
    if site is None:
        raise CallError("give a site file, for example: tocsin watch site.toml; or see the "
                        "demonstration: tocsin demo")  # fmt: skip
    from tocsin.service.clock import clock_of
    from tocsin.service.run import configure_logs
    from tocsin.service.run import watch as run
    from tocsin.service.watch_options import WatchOptions

    configure_logs()
    options = WatchOptions(
        site=site,
        data=data,
        host=host,
        port=port,
        clock=clock_of(clock_epoch, clock_anchor, clock_rate),
        note=note,
        first_user=user,
        link=link,
        behind_proxy=behind_proxy,
        tls_cert=tls_cert,
        tls_key=tls_key,
        drill_of=drill_of,
        oidc_issuer=oidc_issuer,
        oidc_client=oidc_client,
        oidc_claim=oidc_claim,
    )
    run(options, print_words)
