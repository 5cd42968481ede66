"""What a mistake on the command line is answered with: one line, and at most one of advice."""

import pytest
from command import LAYER, refused

ADVICE = "if W is stored outputs × inputs, add --weights-layout out-in"
ERRORS = {
    "an option where a value is expected": (
        ["forward", "-x", "-W", "1"], ["-x is followed by -W, where a value is expected"]),
    "shapes that do not fit": (
        ["forward", "-x", "1,2,3", "-W", "1,2,3;4,5,6"], ["W has 2 rows but x has 3 entries", ADVICE]),
    "only x": (
        ["forward", "-x", "1"],
        ["W is missing: give it with -W, or in INPUT", "if there was a ; in it, quote it: -x '1;…'"]),
    "an unknown suffix": (
        ["forward", "-o", "out.txt"],
        ["-o out.txt: the suffix names no format (.json, .csv, .npy, .npz, .safetensors, .zarr)",
         "choose one with --format"]),
    "two formats": (
        ["forward", "--json", "--format", "csv"], ["--json and --format csv ask for different formats"]),
    "an empty INPUT": (
        ["forward", ""], ["INPUT is empty, where a file or - is expected"]),
    "one file for two results": (
        ["layer-grad", *LAYER, "--plot", "a.png", "-o", "a.png", "--json"], ["--plot and -o both name a.png"]),
    "an index of 5000 digits": (
        ["explain", *LAYER, "--entry", "0,0," + "9" * 5000],
        [f"--entry is '0,0,{'9' * 36}…', where t,j,i is expected, as in 1,2,0 for ∂h[1]/∂W[2,0]"]),
    "a target beyond counting": (
        ["loss-grad", *LAYER, "--target", "1e30"],
        ["--target holds 1e+30, where a class index, a whole number from 0, is expected"]),
    "an output that does not exist": (
        ["layer-grad", *LAYER, "--outputs", "5"], ["--outputs 5: 5 is not within the 5 outputs, 0 to 4"]),
    "an output that is no index": (
        ["layer-grad", *LAYER, "--outputs", "a"],
        ["--outputs a: 'a' is no index and no range", "write it as 3,7,10-12"]),
    "no upstream": (
        ["loss-grad", *LAYER],
        ["every column of dL/dW sums to zero, because the outputs sum to one: its plain column sum moves no weight",
         "give --upstream u1,…,uK (dE/dh), or --target T, the right class, for the cross-entropy"]),
    "a class that does not exist": (
        ["loss-grad", *LAYER, "--target", "5"], ["target 5 does not exist: there are 5 outputs, 0 to 4"]),
    "a tensor as csv": (
        ["layer-grad", *LAYER, "--layout", "tensor", "--format", "csv"],
        ["CSV holds two dimensions, and dL_dW has three", "use --json, or -o FILE.npy"]),
    "outputs that run backwards": (
        ["layer-grad", *LAYER, "--outputs", "3-1"], ["--outputs 3-1: 3-1 runs backwards", "write it as 1-3"]),
    "standard input named twice": (
        ["check", "-", "--against", "-"],
        ["INPUT and --against both name standard input, which can be read only once"]),
    "check options without a file": (
        ["check", *LAYER, "--target", "2"],
        ["--target goes with --against FILE",
         "without FILE, check compares the tool with itself, in every Jacobian"]),
    "an unknown command": (
        ["backward"], ["no such command 'backward'", "see softmax-jac --help"]),
    "an unknown method": (
        ["layer-grad", "--method", "loops"],
        ["--method is 'loops', where shortcut or chain is expected"]),
    "a number where none is": (
        ["check", "--rtol", "small"], ["--rtol is 'small', where a number is expected"]),
    "a part of a digit": (
        ["forward", "--precision", "3.5"], ["--precision is '3.5', where a whole number is expected"]),
    "more digits than a double has": (
        ["forward", "--precision", "18"], ["--precision is '18', where 1 to 17 is expected"]),
    "an option without its value": (
        ["forward", "-x"], ["option '-x' requires an argument"]),
    "a second INPUT": (
        ["forward", "a.json", "b.json"],
        ["got unexpected extra argument(s) (b.json)", "see softmax-jac forward --help"]),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "lines"), ERRORS.values(), ids=ERRORS.keys())
def test_a_mistake_gets_one_line_and_at_most_one_of_advice(arguments, lines):
    said = [line for line in refused(*arguments) if "no input given" not in line]
    assert said == ["softmax-jac: error: " + lines[0], *lines[1:]]
