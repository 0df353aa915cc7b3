"""Kernels are loaded when they are first called, and stay as strict as they were."""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tocsin import _jit
from tocsin.geo import _kernels


def in_a_new_process(code, **env):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **env}, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip


def test_the_pipeline_is_imported_without_numba_and_tables_of_disk():
    code = (
        "import sys, tocsin.pipeline, tocsin.codec.recordings\n"
        "print(*(n for n in ('numba', 'scipy', 'pyarrow', 'shapely') if n in sys.modules))\n"
    )
    assert in_a_new_process(code) == []


@pytest.mark.jit
def test_numba_gets_ready_without_blas_which_others_still_get():
    code = (
        "import sys\n"
        "from tocsin import geo\n"
        "geo.geodetic_to_ecef(geo.geodetic_rows(50.0, 8.0, 0.0))\n"
        "print('numba' in sys.modules, 'scipy.linalg' in sys.modules)\n"
        "import numba, numpy as np\n"
        "a = np.array([[2.0, 1.0], [0.0, 3.0]])\n"
        "print(numba.njit(lambda a: np.dot(a, a))(a).tolist() == (a @ a).tolist())\n"
    )
    assert in_a_new_process(code) == ["True", "False", "True"]


@pytest.mark.jit
def test_a_kernel_that_names_another_compiles_into_an_empty_cache(tmp_path):
    code = (
        "from tocsin import geo\n"
        "rows = geo.geodetic_rows(50.0, 8.0, 120.0)\n"
        "print(repr(geo.ecef_to_geodetic(geo.geodetic_to_ecef(rows)).tobytes().hex()))\n"
    )
    assert in_a_new_process(code, NUMBA_CACHE_DIR=str(tmp_path)) == in_a_new_process(code)


@pytest.mark.jit
def test_a_kernel_refuses_an_array_of_another_kind_at_its_first_call():
    known = next(m for m in _jit._made if m.__name__ == "geodetic_to_ecef_into")
    rows, out = np.array([[50.0, 8.0, 120.0]]), np.empty((1, 3))
    for bad in (rows.astype(np.float32), np.ones((2, 6))[:, ::2]):
        with pytest.raises(TypeError):
            _jit.kernel(known._signature)(known.__wrapped__)(bad, out)


def called_from_python():
    """Return the functions of all kernels that a module without kernels names."""
    root, functions = Path(_jit.__file__).parent, set()
    paths = [p for p in sorted(root.rglob("*.py")) if p.name != "__main__.py"]
    names = [".".join((root.name, *p.relative_to(root).with_suffix("").parts)) for p in paths]
    for path, name in zip(paths, names, strict=True):
        held = vars(importlib.import_module(name.removesuffix(".__init__")))
        if path.name.startswith("_kernels"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Name):
                found = held.get(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found = getattr(held.get(node.value.id), node.attr, None)
            else:
                continue
            functions.add(getattr(found, "__wrapped__", None))
    return functions & {made.__wrapped__ for made in _jit._made}


def test_every_kernel_that_python_calls_is_loaded_beforehand_and_called_without_a_detour():
    wanted = called_from_python()
    assert len(wanted) > 50
    assert len(wanted) <= _jit.load_kernels() < len(_jit._made) / 2
    for function in wanted:
        found = getattr(sys.modules[function.__module__], function.__name__)
        assert not isinstance(found, _jit._Kernel), function.__name__
    rows, out = np.zeros((1, 3)), np.empty((1, 3))
    _kernels.geodetic_to_ecef_into(rows, out)
    assert out[0].tolist() == [6_378_137.0, 0.0, 0.0]


def test_who_is_handed_an_array_that_a_kernel_made_counts_who_holds_it():
    # Without that its memory would be used after it was given back, or never be given back.
    for path in sorted(Path(_jit.__file__).parent.rglob("_kernels*.py")):
        name = ".".join(path.with_suffix("").parts[path.parts.index("tocsin") :])
        importlib.import_module(name)
    makers = {made.__name__ for made in _jit._made if "[" in made._signature.split("(")[0]}
    assert "prior_of" in makers
    for made in _jit._made:
        names = set(made.__wrapped__.__code__.co_names) | {made.__name__}
        assert made._allocates or not names & makers, made.__name__


@pytest.mark.jit
def test_a_kernel_that_makes_arrays_and_does_not_say_so_is_refused():
    def make_into(out):
        out[0] = np.zeros(len(out))[0]

    with pytest.raises(Exception, match=r"(?i)array"):
        _jit._Kernel(make_into, "void(float64[::1])", allocates=False)(np.ones(3))


@pytest.mark.jit
def test_a_kernel_that_says_so_makes_arrays():
    def make_one_into(out):
        out[0] = np.zeros(len(out))[0]

    out = np.ones(3)
    _jit._Kernel(make_one_into, "void(float64[::1])", allocates=True)(out)
    assert out.tolist() == [0.0, 1.0, 1.0]
