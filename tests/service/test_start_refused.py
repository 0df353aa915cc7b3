"""An engine that cannot start: the service ends with its sentence, and nothing besides."""

import asyncio
import gc
from concurrent.futures import Future
from types import SimpleNamespace

from tocsin.errors import ServiceError
from tocsin.service import housekeeping, run


def test_what_waits_for_the_engine_ends_quietly_where_it_cannot_start(monkeypatch):
    done, complaints = [], []
    for name in ("prune_once", "sign_once"):
        monkeypatch.setattr(housekeeping, name, done.append)
    monkeypatch.setattr(run, "tell_sirens", lambda *_: done.append("sirens"))
    engine, server = SimpleNamespace(started=Future()), SimpleNamespace(should_exit=False)
    hall = SimpleNamespace(engine=engine)

    async def go():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))
        tasks = [
            loop.create_task(one)
            for one in (
                housekeeping.keep_house(hall), housekeeping.keep_signing(hall),
                run._tell_sirens(hall), run._announce(hall, server, done.append, 0.0),
                housekeeping.keep_house(hall),
            )
        ]  # fmt: skip
        await asyncio.sleep(0)
        tasks.pop().cancel()  # who does not wait any more
        engine.started.set_exception(ServiceError("the journal is damaged"))
        await asyncio.wait(tasks, timeout=60.0)
        assert [task.exception() for task in tasks] == [None] * 4
        del tasks
        await asyncio.sleep(0)
        gc.collect()

    asyncio.run(go())
    gc.collect()
    assert server.should_exit
    assert (done, complaints) == ([], [])
