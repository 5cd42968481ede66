"""The whole process, against importing what it stands on and against scripts that do the same."""

import subprocess
import sys

import pytest
from conftest import ROOT

PYTHON = [sys.executable, "-c"]
ARTICLE = str(ROOT / "sample_inputs" / "article.json")
LOAD = f"import json; d = json.load(open({ARTICLE!r})); x, W = d['x'], d['W']; "
TORCH = LOAD + (
    "import torch; x, W = torch.tensor(x, dtype=torch.float64), torch.tensor(W, dtype=torch.float64); "
    "print(torch.func.jacrev(lambda W: torch.softmax(x @ W, 0))(W))"
)
JAX = LOAD + (
    "import jax; jax.config.update('jax_enable_x64', True); import jax.numpy as jnp; "
    "x, W = jnp.array(x), jnp.array(W); print(jax.jacrev(lambda W: jax.nn.softmax(x @ W))(W))"
)

GROUPS = {
    "--version": {
        "import typer": [*PYTHON, "import typer"],
        "softmax-jac --version": ["--version"],
        "shell completion": ["_complete"],
    },
    "forward --json": {
        "import numpy, typer, orjson": [*PYTHON, "import numpy, typer, orjson"],
        "softmax-jac forward --json": ["forward", ARTICLE, "--json"],
    },
    "layer-grad": {
        "import numpy, typer, orjson, rich.table": [*PYTHON, "import numpy, typer, orjson, rich.table, rich.console"],
        "softmax-jac layer-grad": ["layer-grad", ARTICLE],
        "PyTorch script": [*PYTHON, TORCH],
        "JAX script": [*PYTHON, JAX],
    },
}
CASES = [(group, name) for group, members in GROUPS.items() for name in members]
COMPLETION = {
    "_SOFTMAX_JAC_COMPLETE": "complete_bash", "COMP_WORDS": "softmax-jac layer-grad --la", "COMP_CWORD": "2",
}  # fmt: skip


@pytest.mark.parametrize(("group", "name"), CASES)
def bench_process(benchmark, command, group, name):
    if name.startswith(("PyTorch", "JAX")):
        pytest.importorskip({"P": "torch", "J": "jax"}[name[0]])
    run = GROUPS[group][name]
    env = {"PATH": "/usr/bin:/bin"}
    if run == ["_complete"]:
        run, env = [], env | COMPLETION
    if run[:1] != PYTHON[:1]:
        run = command + run
    benchmark.group, benchmark.name = f"whole process: {group}", name
    rounds = 5 if "script" in name else 41
    benchmark.pedantic(
        lambda: subprocess.run(run, check=True, stdout=subprocess.DEVNULL, env=env), rounds=rounds, warmup_rounds=2
    )
