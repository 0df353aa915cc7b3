"""What stages promise: no clock, no chance, no function whose bits depend on the machine."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "tocsin"
STAGES = ("codec", "track", "identity", "threat", "alert", "advise", "record", "report")
PURE = [SOURCE / "pipeline.py"]
BRIDGES = ("stonesoup.py", "_soup.py")  # to another library: no part of the pipeline
for room in (*STAGES, "sensor", "geo", "model"):
    PURE += [p for p in sorted((SOURCE / room).rglob("*.py")) if p.name not in BRIDGES]

# NumPy functions whose last bits depend on the processor's instruction set, and linear algebra.
BANNED = {
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "arcsin",
    "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh", "hypot", "power", "float_power",
    "cbrt", "dot", "vdot", "inner", "outer", "matmul", "tensordot", "einsum", "linalg",
    "random", "fft", "radians", "degrees", "deg2rad", "rad2deg", "cov",
    "corrcoef", "interp", "polyfit",
}  # fmt: skip
CLOCKS = {"time", "monotonic", "perf_counter", "now", "utcnow", "today", "process_time"}


def numpy_uses(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in ("np", "numpy") and node.attr in BANNED:
                yield node.lineno, f"np.{node.attr}"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield node.lineno, "@"
        elif isinstance(node, ast.ImportFrom) and node.module == "numpy":
            yield node.lineno, "from numpy import"


def clock_reads(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            holder = node.func.value
            name = (
                holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
            )
            if name in ("time", "datetime", "date") and node.func.attr in CLOCKS:
                yield node.lineno, f"{name}.{node.func.attr}"


@pytest.mark.parametrize("path", PURE, ids=lambda p: p.relative_to(SOURCE).as_posix())
def test_stages_use_no_function_whose_bits_depend_on_the_machine(path):
    assert list(numpy_uses(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize("path", PURE, ids=lambda p: p.relative_to(SOURCE).as_posix())
def test_no_stage_reads_a_clock(path):
    assert list(clock_reads(ast.parse(path.read_text()))) == []


def test_the_guards_notice():
    tree = ast.parse("import numpy as np\na = np.exp(1) + b @ c\nd = time.time()\n")
    assert len(list(numpy_uses(tree))) == 2
    assert len(list(clock_reads(tree))) == 1
