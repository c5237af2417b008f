"""Workflows and results draw themselves where a notebook asks them to."""

import shutil

import pytest

import cloaca


@pytest.fixture
def drawn(runner, name):
    """A workflow, and a result of it."""
    with cloaca.WorkflowBuilder(name) as builder:

        @cloaca.task(retry_attempts=1)
        def load(context):
            raise RuntimeError("planned")

        @cloaca.task(id='say "hi" <&>', dependencies=[load])
        def say(context):
            pass

    return builder.build(), runner.execute(name)


def test_bundle_without_graphviz(drawn, monkeypatch):
    monkeypatch.setenv("PATH", "")
    for one in drawn:
        bundle = one._repr_mimebundle_(include=None, exclude=None)
        assert sorted(bundle) == ["text/plain", "text/vnd.mermaid"]
        assert bundle["text/plain"] == repr(one)
        assert bundle["text/vnd.mermaid"] == one.to_mermaid()
        assert bundle["text/vnd.mermaid"].startswith("flowchart TD\n")
    assert ":::Failed" in drawn[1].to_mermaid() and ":::Skipped" in drawn[1].to_mermaid()


def test_graphviz_that_fails_is_done_without(drawn, monkeypatch, tmp_path):
    dot = tmp_path / "dot"
    dot.write_text("#!/bin/sh\nexit 1\n")
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "image/svg+xml" not in drawn[0]._repr_mimebundle_()


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_svg(drawn):
    workflow, result = (one._repr_mimebundle_()["image/svg+xml"] for one in drawn)
    for svg in (workflow, result):
        assert "<svg" in svg and "say &quot;hi&quot; &lt;&amp;&gt;" in svg
    assert "#ffd6d6" in result and "Failed" in result  # the colour of a failed task
    assert "#ffd6d6" not in workflow


def test_ipython_draws_them(drawn):
    formatters = pytest.importorskip("IPython.core.formatters")
    for one in drawn:
        data, _ = formatters.DisplayFormatter().format(one)
        assert data["text/plain"] == repr(one)
        assert data["text/vnd.mermaid"] == one.to_mermaid()
        assert ("image/svg+xml" in data) == (shutil.which("dot") is not None)
