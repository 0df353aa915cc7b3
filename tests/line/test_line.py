"""The guards of the line: Tocsin senses, warns, advises and records; it never commands.

They can be run alone on any fork: `make line`.
"""

import ast
import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "tocsin"
LIVE = [p for p in SOURCE.rglob("*.py") if p.relative_to(SOURCE).parts[0] not in ("sim", "cli")]
# What an effector does. In live code these stand neither in a name nor in a text that goes out.
EFFECTOR = re.compile(
    r"\b(fire|shoot|jam(?!es\b)|jammer|jamming|effector|weapon|munition|engage|engagement|"
    r"interceptor|neutrali[sz]e|take[_ ]?down|launch|detonate|laser|gun)s?\b",
    re.IGNORECASE,
)


# A category of emergencies in CAP 1.2, section 3.2.2.
WORDS_OF_STANDARDS = {("codec/cap/nouns.py", "Fire")}


def names_and_texts(tree):
    """Yield names that code defines and texts that are no docstring."""
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docstrings.add(id(first.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
        ):
            yield node.value, node.lineno


@pytest.mark.parametrize("path", LIVE, ids=lambda p: p.relative_to(SOURCE).as_posix())
def test_live_code_has_no_name_or_word_for_commanding_an_effector(path):
    tree = ast.parse(path.read_text())
    room = path.relative_to(SOURCE).as_posix()
    found = [
        (line, text)
        for text, line in names_and_texts(tree)
        if EFFECTOR.search(spaced(text)) and (room, text) not in WORDS_OF_STANDARDS
    ]
    assert not found


def spaced(text):
    """Split names such as fire_at or FireControl into words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text.replace("_", " "))


@pytest.mark.parametrize(
    "word", ["fire_at", "LaunchNow", "jam target", "interceptors", "engage"]
)
def test_the_guard_itself_notices(word):
    assert EFFECTOR.search(spaced(word))


def test_no_module_of_the_live_product_reaches_the_simulator_at_run_time():
    code = (
        "import importlib, pathlib, sys, tocsin\n"
        "root = pathlib.Path(tocsin.__file__).parent\n"
        "for path in sorted(root.rglob('*.py')):\n"
        "    parts = path.relative_to(root).with_suffix('').parts\n"
        "    if parts[0] not in ('sim', 'cli', '__main__') and parts[-1] != '__init__':\n"
        "        importlib.import_module('.'.join(('tocsin', *parts)))\n"
        "bad = [m for m in sys.modules if m.startswith('tocsin.sim')]\n"
        "sys.exit(repr(bad) if bad else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr


def test_what_officers_can_do_is_a_closed_list_of_words_about_warning():
    from tocsin.codec.acts import VERBS

    assert set(VERBS) <= {
        "acknowledge", "release", "refuse", "cancel", "clear", "decide", "dispose",
        "raise", "sighting", "readiness", "account", "explain",
        "shelve", "unshelve",  # an alarm is silent for a while, and its end
        "end_shift", "begin_shift",  # a note to the next shift; that it was read
        "suspend", "resume",  # what people decided of their own operations: recorded alone
        "accept_rule", "end_rule",  # whom nobody has to ask about for a shift
        "point",  # a sensor, and nothing else: tests/line/test_tasks.py
    }  # fmt: skip


def test_what_people_add_to_the_record_is_a_closed_list_of_words_about_what_was_said():
    """They are apart from the acts of the watch: none is both, and none reaches a stage but
    the record.
    """
    from tocsin.codec.acts import VERBS
    from tocsin.model.records import RECORD_VERBS

    assert set(RECORD_VERBS) <= {
        "open_incident", "link", "add_actor", "add_source", "add_document", "assert", "claim",
        "relate", "grade", "correct", "approve", "publish", "add_place", "add_evidence",
        "hand_on",
    }  # fmt: skip
    assert not set(RECORD_VERBS) & set(VERBS)
    taken = re.findall(r"(\w+)\([^()]*record_acts", (SOURCE / "pipeline.py").read_text())
    assert taken == ["_record_into"]


def test_a_line_of_the_playbook_is_words_and_a_telephone_number():
    """No field by which advice could rank, time or pair what acts on a threat, or send it."""
    from tocsin.model import Advice, Contact, PlaybookLine

    def names(noun):
        return {field.name for field in dataclasses.fields(noun)}

    assert names(Contact) == {"post", "telephone"}
    assert names(PlaybookLine) == {
        "id", "step", "words", "tell", "threats", "sites", "zones", "lead_s",
    }  # fmt: skip
    assert names(Advice) == {
        "alarm_id", "line", "site_id", "step", "words", "tell", "reason", "lead_s", "until_s",
        "followed", "not_followed",
    }  # fmt: skip


def test_the_words_of_a_playbook_are_never_read_by_the_software():
    """Only what shows and stores them touches them: no rule decides on them."""
    readers = {
        p.relative_to(SOURCE).as_posix()
        for p in LIVE
        if re.search(r"\bline\.(words|tell)\b|\badvice\.(words|tell)\b", p.read_text())
    }
    assert readers <= {"advise/options.py", "alert/_on_alarms.py", "record/notes.py"}


def test_interception_stands_only_in_the_simulator():
    """No live module imports one that holds it, and none holds it itself."""
    holders = {
        p.relative_to(SOURCE).parts[0]
        for p in SOURCE.rglob("*.py")
        if re.search(r"class \w*Interceptor|def \w*intercept", p.read_text())
    }
    assert holders <= {"sim"}


@pytest.mark.parametrize(
    "kind", ["tocsin.sim.interceptors:Stop", "tocsin.sim.scenario:Scenario", "tocsin.cli.sim:x"]
)
def test_no_snapshot_can_make_the_live_product_load_the_simulator(kind):
    """A snapshot names the types that it holds, and what it names is imported."""
    code = (
        "import sys\n"
        "from tocsin.codec.snapshot import squeeze, thaw\n"
        "from tocsin.errors import JournalError\n"
        "import msgspec\n"
        f"data = squeeze(msgspec.msgpack.encode(['c', {kind!r}, 'a', 'b', 0.0, 1]))\n"
        "try:\n"
        "    thaw(data)\n"
        "except JournalError as error:\n"
        "    assert 'live part' in str(error), error\n"
        "else:\n"
        "    sys.exit('it was taken')\n"
        "bad = [m for m in sys.modules if m.startswith(('tocsin.sim', 'tocsin.cli'))]\n"
        "sys.exit(repr(bad) if bad else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


# What loads a module by a name that is worked out, and who may: each is looked at by hand.
LOADERS = {
    "import_module",
    "__import__",
    "load_module",
    "exec_module",
    "run_module",
    "run_path",
}
LOADS_BY_NAME = {
    "codec/sapient/_protobuf.py",  # names of Dstl's messages, constants of the file
    "codec/snapshot.py",  # types of the live part: the test above
}


def called(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            yield name, node.args[0] if node.args else None


def test_no_live_module_loads_another_by_a_name_that_is_worked_out():
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in LIVE
        for name, what in called(ast.parse(path.read_text()))
        if (name in LOADERS and not isinstance(what, ast.Constant)) or name in ("eval", "exec")
    }
    assert found <= LOADS_BY_NAME


def test_no_live_module_names_the_simulator_in_a_text():
    """Neither as a module to import, nor as a word of a process that it starts."""
    found = {
        (path.relative_to(SOURCE).as_posix(), text)
        for path in LIVE
        for text, _ in names_and_texts(ast.parse(path.read_text()))
        if re.search(r"\btocsin[. ]sim\b", text)
    }
    assert found <= {("codec/snapshot.py", "tocsin.sim")}  # which refuses it


def test_the_command_that_watches_does_not_load_the_simulator():
    """Only `cli` may reach `sim`; of its verbs: demo, feed and sim."""
    verbs = {
        path.stem
        for path in (SOURCE / "cli").rglob("*.py")
        if re.search(r"\btocsin\.sim\b(?!:)", path.read_text())
    }
    assert verbs <= {"_demo_day", "_sim_coverage", "_supervisor", "demo", "feed", "sim"}
    code = (
        "import sys, tocsin.cli.watch, tocsin.service.run, tocsin.cli._children\n"
        "bad = [m for m in sys.modules if m.startswith('tocsin.sim')]\n"
        "sys.exit(repr(bad) if bad else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
