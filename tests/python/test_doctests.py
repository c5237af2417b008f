"""The examples in docstrings say the truth."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import cloaca

MODULES = ["cloaca"] + [f"cloaca.{module.name}" for module in pkgutil.iter_modules(cloaca.__path__)]
PUBLIC = {name: getattr(cloaca, name) for name in cloaca.__all__}


@pytest.mark.parametrize("module", MODULES)
def test_examples(module):
    # Examples are read as those of a program that has imported the names.
    assert doctest.testmod(importlib.import_module(module), extraglobs=PUBLIC).failed == 0


@pytest.mark.parametrize("name", [name for name, value in PUBLIC.items() if callable(value)])
def test_everything_public_has_an_example(name):
    value = PUBLIC[name]
    if inspect.isclass(value) and issubclass(value, cloaca.Error) and value is not cloaca.Error:
        pytest.skip("an exception: the example is that of cloaca.Error")
    assert ">>>" in value.__doc__
