"""The medians of a run as Markdown tables, each as a ratio to the first of its group.

python -m pytest benchmarks --benchmark-json=figures.json
python benchmarks/report.py figures.json
"""

import json
import sys


def main(path):
    groups = {}
    with open(path) as file:
        figures = json.load(file)
    for entry in figures["benchmarks"]:
        groups.setdefault(entry["group"], []).append((entry["name"], entry["stats"]["median"]))
    for group, rows in groups.items():
        floor = next((m for name, m in rows if name.startswith(("fill", "plain", "import", "orjson"))), rows[0][1])
        print(f"### {group}\n\n| | median | ratio |\n|---|---|---|")
        for name, median in rows:
            print(f"| {name} | {time_of(median)} | {median / floor:.2f} |")
        print()


def time_of(seconds):
    scale, unit = next((s, u) for s, u in ((1.0, "s"), (1e-3, "ms"), (0.0, "µs")) if seconds >= s)
    return f"{seconds / (scale or 1e-6):.3g} {unit}"


main(sys.argv[1])
