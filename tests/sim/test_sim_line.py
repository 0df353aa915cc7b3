"""Interception is a thing of the simulator alone, and the simulator is out of reach."""

import ast
import re
from pathlib import Path

import tocsin

ROOT = Path(tocsin.__file__).parent
WORDS = re.compile(
    r"intercept|engage|neutrali|kill_chance|reload|shoot|effector", re.IGNORECASE
)


def modules():
    return [p for p in ROOT.rglob("*.py") if (ROOT / "sim") not in p.parents]


def names_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute | ast.alias):
            yield node.attr if isinstance(node, ast.Attribute) else node.name
        elif isinstance(node, ast.arg):
            yield node.arg


def test_only_the_command_line_imports_the_simulator():
    guilty = []
    for path in modules():
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            found = []
            if isinstance(node, ast.Import):
                found = [a.name for a in node.names]
            elif isinstance(node, ast.ImportFrom):
                found = [f"{node.module}.{a.name}" for a in node.names]
            if any(name.startswith("tocsin.sim") for name in found):
                guilty.append(path.relative_to(ROOT).parts[0])
    assert set(guilty) == {"cli"}


def test_no_name_outside_the_simulator_speaks_of_stopping_anything():
    guilty = {
        (str(path.relative_to(ROOT)), name)
        for path in modules()
        for name in names_in(ast.parse(path.read_text()))
        if WORDS.search(name)
    }
    assert guilty == set()


def test_the_guard_sees_what_it_guards():
    inside = {
        n for p in (ROOT / "sim").glob("*.py") for n in names_in(ast.parse(p.read_text()))
    }
    assert any(WORDS.search(name) for name in inside)


def test_the_interceptor_is_a_reach_a_number_a_chance_and_a_clock():
    from tocsin.sim.scenario import Interceptor

    assert set(Interceptor.__struct_fields__) == {
        "id", "site", "reach_m", "ready", "chance", "reload_s", "decision_s", "offset_m",
    }  # fmt: skip
