"""What an option that does not exist was meant to be."""

from collections.abc import Collection
from difflib import get_close_matches

# How other programs call what is asked for here; more than one where commands differ.
_CALLED = {
    "-w": ["-W"], "-X": ["-x"], "-B": ["-b"], "-Z": ["-z"], "-T": ["--temperature"], "-t": ["--target"],
    "-y": ["--target"], "-O": ["-o"], "-f": ["--format"], "-p": ["--precision"],
    "--w": ["-W"], "--weight": ["-W"], "--weights": ["-W"], "--kernel": ["-W"], "--coef": ["-W"],
    "--x": ["-x"], "--input": ["-x"], "--inputs": ["-x"], "--features": ["-x"],
    "--b": ["-b"], "--bias": ["-b"], "--biases": ["-b"], "--intercept": ["-b"],
    "--z": ["-z"], "--logits": ["-z"], "--temp": ["--temperature"], "--tau": ["--temperature"],
    "--lr": ["--learning-rate"], "--eta": ["--learning-rate"], "--rate": ["--learning-rate"],
    "--step-size": ["--learning-rate"], "--weight-decay": ["--l2"], "--lambda": ["--l2"], "--ridge": ["--l2"],
    "--ignore-index": ["--ignore"], "--label": ["--target"], "--labels": ["--target"], "--y": ["--target"],
    "--class": ["--target"], "--weight-layout": ["--weights-layout"], "--transpose": ["--weights-layout", "--layout"],
    "--out": ["-o"], "--csv": ["--format"], "--npy": ["--format"], "--npz": ["--format"], "--log-softmax": ["--log"],
    "--digits": ["--precision"], "--lines": ["--jsonl"], "--ndjson": ["--jsonl"], "--rows": ["--outputs", "--x-rows"],
}  # fmt: skip


def meant(option: str, known: Collection[str]) -> str:
    """The option of those `known` that another one is likely to mean; nothing if none is."""
    spelled = option.replace("_", "-")
    same: list[str] = [candidate for candidate in (spelled, *_CALLED.get(spelled, [])) if candidate in known]
    if same:
        return same[0]
    if not spelled.startswith("--"):
        return ""
    close: list[str] = get_close_matches(spelled, [name for name in known if name.startswith("--")], 1, 0.75)
    return close[0] if close else ""
