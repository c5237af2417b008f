"""The examples in docstrings say the truth."""

import doctest
import importlib
import pkgutil

import pytest

import cloaca

MODULES = ["cloaca"] + [f"cloaca.{module.name}" for module in pkgutil.iter_modules(cloaca.__path__)]


@pytest.mark.parametrize("module", MODULES)
def test_examples(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0
