"""How a notebook draws a workflow or a result."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Optional, Union

if TYPE_CHECKING:
    from ._cloaca import WorkflowResult
    from ._workflows import Workflow

PATIENCE = 5  # seconds: a graph of thousands takes Graphviz minutes


def _svg(dot: str) -> Optional[str]:
    program = shutil.which("dot")
    if program is None:
        return None
    try:
        drawn = subprocess.run(
            [program, "-Tsvg"], input=dot, capture_output=True, encoding="utf-8", timeout=PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None  # the other two will do
    return drawn.stdout


def pictures(drawn: Union[Workflow, WorkflowResult]) -> dict[str, str]:
    """By media type, for IPython: the front end shows what it can; SVG where Graphviz is installed."""
    bundle = {"text/plain": repr(drawn), "text/vnd.mermaid": drawn.to_mermaid()}
    svg = _svg(drawn.to_dot())
    return bundle if svg is None else {**bundle, "image/svg+xml": svg}
