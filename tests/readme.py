"""The blocks of the README and of docs/, their console blocks with the output that the commands have now.

python tests/readme.py        bring them up to date
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# A row of what check finds without --against: the errors of ordinary arithmetic, which the processor has a part in.
ERRORS = re.compile(r"^(d\w+/d\w+ +(?:chain|complex step|central differences)) .* (yes|no)$", re.MULTILINE)


def without_errors(text: str) -> str:
    """The text, and of those rows what was compared and whether it agrees."""
    return ERRORS.sub(r"\1 … \2", text)


def refreshed(text: str) -> str:
    """The text with every command of its console blocks run again, in order, after its python blocks."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "sample_inputs", f"{folder}/sample_inputs")
        program = ""

        def again(match: re.Match[str]) -> str:
            nonlocal program
            kind, body = match.groups()
            if kind == "python":
                program += body
                subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)
            if kind == "console":
                commands = [line[2:] for line in body.splitlines() if line.startswith("$ ")]
                body = "".join(f"$ {command}\n{output_of(command, folder)}" for command in commands)
            return f"```{kind}\n{body}```"

        return BLOCK.sub(again, text)


def output_of(command: str, folder: str) -> str:
    here = [str(Path(sys.executable).parent), *([] if shutil.which("jq") else [str(Path(__file__).parent / "bin")])]
    environment = {
        "PATH": os.pathsep.join([*here, os.environ["PATH"]]), "COLUMNS": "80", "PYTHONIOENCODING": "utf-8",
    }  # fmt: skip
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, timeout=60, **pipe)
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(refreshed(page.read_text("utf-8")), "utf-8")
