"""The README's picture of a terminal: the first gradient that its text checks, and what `check` says of it.

python tests/picture.py       draw docs/check.svg again
"""

import io
import subprocess
import sys
import tempfile

import readme
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

PICTURE = readme.ROOT / "docs" / "check.svg"
COMMAND = "softmax-jac check --against mine.npy"
WIDTH = 78
FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; white-space: pre; }}
{styles}
</style>
<defs>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def said() -> str:
    """What the command prints of the gradient in the README's first block of Python."""
    program = next(body for kind, body in readme.BLOCK.findall(readme.README.read_text("utf-8")) if kind == "python")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)
        return readme.output_of(f"{COMMAND} 2>/dev/null", folder)


def drawn(text: str) -> str:
    """A terminal with the command and that text, as SVG that needs nothing else."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "bold green"), (COMMAND, "bold")))
    console.print(Text(text.rstrip("\n")))
    return console.export_svg(title="softmax-jac", theme=MONOKAI, code_format=FORMAT, unique_id="check")


if __name__ == "__main__":
    PICTURE.write_text(drawn(said()), encoding="utf-8")
