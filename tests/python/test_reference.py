"""The calls in the tables of docs/reference/python.md are those of the module."""

import inspect
import pathlib
import re

import pytest

import cloaca

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "reference" / "python.md"
OWNERS = {"runner": cloaca.DefaultRunner, "handle": cloaca.ExecutionHandle, "result": cloaca.TriggerResult, "cloaca": cloaca,
          "trigger": cloaca.TriggerContext, "DefaultRunner": cloaca.DefaultRunner, "TriggerResult": cloaca.TriggerResult}
ROWS = [line.split(" | ")[0] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
CALLS = [call for row in ROWS for call in re.findall(r"`(?:await )?(\w+)\.(\w+)\((.*?)\)`", row)]


def arguments_of(function):
    """As one writes them, without `self` and what is said about types."""
    if function is cloaca.TriggerContext.is_stop_requested:
        return ""  # compiled: nothing asks it
    signature = inspect.signature(function)
    parameters = [one.replace(annotation=one.empty) for one in signature.parameters.values() if one.name != "self"]
    return str(signature.replace(parameters=parameters, return_annotation=signature.empty))[1:-1]


@pytest.mark.parametrize("owner, name, arguments", CALLS, ids=[".".join(call[:2]) for call in CALLS])
def test_call(owner, name, arguments):
    function = getattr(OWNERS[owner], name)
    assert arguments == "…" or arguments == arguments_of(function)


def test_none_is_forgotten():
    for owner in ("runner", "handle"):
        kind = OWNERS[owner]
        calls = {name for name, value in vars(kind).items() if not name.startswith("_") and inspect.isfunction(value)}
        calls |= {name for base in kind.__mro__[1:-1] for name in vars(base) if not name.startswith("_")}
        later = {name for name in calls if (getattr(kind, name).__doc__ or "").startswith("Comes with a later version")}
        shown = {name for one, name, _ in CALLS if OWNERS[one] is kind}
        assert calls - later - {"start", "stop", "with_config"} <= shown
