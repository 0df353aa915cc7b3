"""One run of the tester: the clauses of a role, each on connections of its own."""

from collections.abc import Awaitable, Callable

from tocsin.cli.conform import edge, fusion
from tocsin.cli.conform.bench import Bench, NotApplicableError, Options, Verdict
from tocsin.cli.conform.clauses import CLAUSES, FAIL, NOT_APPLICABLE, PASS, Finding

__all__ = ["Options", "conform"]


async def conform(
    options: Options, tell: Callable[[Finding], None] = lambda _: None
) -> list[Finding]:
    """Test what listens at (or calls) the address; tell gets each finding as it is made.

    Raises OSError where nobody can be reached.
    """
    if options.role == "edge":
        findings = await edge.observe(options)
        chosen = [f for f in findings if not options.only or f.clause.id in options.only]
        for finding in chosen:
            tell(finding)
        return chosen
    bench = Bench(options)
    await (await bench.call()).close()  # says at once where nobody listens
    await bench.close()
    found = []
    for name, check in fusion.CHECKS.items():
        if options.only and name not in options.only:
            continue
        finding = await _one(bench, name, check)
        found.append(finding)
        tell(finding)
    return found


async def _one(
    bench: Bench, name: str, check: Callable[[Bench], Awaitable[Verdict]]
) -> Finding:
    bench.begin()
    try:
        why = await check(bench)
        verdict = FAIL if why else PASS
    except NotApplicableError as reason:
        verdict, why = NOT_APPLICABLE, str(reason)
    except (ConnectionError, OSError, TimeoutError) as error:
        verdict, why = FAIL, f"the connection failed: {str(error) or type(error).__name__}"
    exchanged = list(bench.exchanged)
    await bench.close()
    return Finding(CLAUSES[name], verdict, why or "as asked", exchanged)
