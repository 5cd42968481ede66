"""The symbols of the derivation that do not depend on the entry, as a terminal shows them and in LaTeX."""

from __future__ import annotations

from .equations import Symbol

INPUTS, WEIGHTS, BIASES, LOGITS, PROBABILITIES, SUM = (Symbol(letter, letter) for letter in "xWbzhs")
INPUT, OUTPUT = Symbol("j", "j"), Symbol("i", "i")  # as indices
ZERO, ONE = Symbol("0", "0"), Symbol("1", "1")

W_JI = Symbol("W[j,i]", "W_{j,i}")
X_J = Symbol("x[j]", "x_j")
Z_I, Z_K, Z_T = (Symbol(f"z[{n}]", f"z_{n}") for n in "ikt")
H_I, H_T = (Symbol(f"h[{n}]", f"h_{n}") for n in "it")
E_I, E_T = (Symbol(f"e[{n}]", f"e_{n}") for n in "it")
T, SCALED = Symbol("T", "T"), Symbol("z/T", "z / T")
DELTA = Symbol("δ", r"\delta")

DS_DZ, DZ_DW, DL_DW, DL_DB, DL_DX = (Symbol(f"d{a}/d{b}", f"d{a}/d{b}") for a, b in ("SZ", "ZW", "LW", "Lb", "Lx"))
DE_DH = Symbol("dE/dh", "dE/dh")
DE_DZ, DE_DW, DE_DB, DE_DX = (Symbol(f"dE/d{v}", f"\\frac{{dE}}{{d{v}}}") for v in "zWbx")

ERROR, Y, U = (Symbol(letter, letter) for letter in "Eyu")
NORM, LAMBDA = Symbol("norm", r"\text{norm}"), Symbol("λ", r"\lambda")
SQUARES = Symbol("‖W‖²", r"\lVert W \rVert^2")
PENALTY = Symbol("λ/2·‖W‖²", r"\lambda / 2 \cdot \lVert W \rVert^2")
