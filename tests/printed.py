"""The equations of a derivation as they are printed, read back and worked out: the oracle of every format."""

import re
from decimal import Decimal, getcontext
from fractions import Fraction
from html.parser import HTMLParser

NUMBER = r"\d+(?:\.\d+)?(?:e[+-]\d+)?"
getcontext().prec = 60
getcontext().Emin, getcontext().Emax = -999999, 999999


def equations(text):
    """The pairs (left, sign, right) of the equations whose both sides are numbers."""
    found = []
    for block in text.split("\n\n"):
        joined = re.sub(r"\n +(?![=≈] | )", " ", "\n" + block)
        joined = re.sub(r"\n +(?![ =≈])", " ", joined)
        sides = re.split(r"\n? +([=≈]) ", joined)
        for left, sign, right in zip(sides[0::2], sides[1::2], sides[2::2], strict=False):
            if is_arithmetic(left) and is_arithmetic(right):
                found.append((left.strip(), sign, right.strip()))
    return found


def is_arithmetic(side):
    return bool(re.fullmatch(rf"(?:{NUMBER}|exp|ln|[-+×/() −])+", side.strip())) and bool(re.search(r"\d", side))


def value(side):
    python = re.sub(NUMBER, lambda m: f"Decimal('{m[0]}')", side.replace("−", "-").replace("×", "*"))
    return eval(" ".join(python.split()), {"Decimal": Decimal, "exp": Decimal.exp, "ln": Decimal.ln})


def exact_value(side):
    """A rational; of an exponential there is one for exp(0) alone."""
    if side.startswith("exp("):
        return 1 if exact_value(side[4:-1]) == 0 else side
    if side.startswith("−ln("):
        return 0 if exact_value(side[4:-1]) == 1 else side
    python = re.sub(NUMBER, lambda m: f"Fraction('{m[0]}')", side.replace("−", "-").replace("×", "*"))
    return eval(" ".join(python.split()), {"Fraction": Fraction})


def assert_true_to_the_digits_shown(text, digits, read=None, least=6):
    pairs = (read or equations)(text)
    assert len(pairs) >= least
    for left, sign, right in pairs:
        if sign == "=":
            assert exact_value(left) == exact_value(right), (left, right)
        else:
            assert is_rounded(value(left), right.replace("−", "-"), digits), (left, right)


def is_rounded(exact, right, digits):
    """Whether a number is printed to so many digits; one that doubles do not hold may be 0."""
    half = Decimal(10) ** (exact.adjusted() - digits + 1) / 2
    return abs(exact - Decimal(right)) <= half or f"{float(exact) + 0.0:.{digits}g}" == right


# --- LaTeX, in Markdown and in a document of its own


def latex_equations(text):
    """The same of every aligned equation."""
    found = []
    for block in re.findall(r"\\begin\{aligned\}\n(.*?)\n\\end\{aligned\}", text, re.DOTALL):
        sides = re.split(r"&(=|\\approx) ", block.replace(" \\\\\n&\\quad", "").replace(" \\\\\n", ""))
        plain = [from_latex(side) for side in sides]
        found += pairs_of(plain)
    return found


def from_latex(side):
    side = side.replace("\\approx", "≈").replace("-", "−")
    side = re.sub(r" \\cdot 10\^\{(−?\d+)\}", lambda m: f"e{int(m[1].replace('−', '-')):+03d}", side)
    side = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"\1 / (\2)", side)
    return side.replace("\\cdot", "×").replace("\\exp", "exp").replace("\\ln", "ln")


def pairs_of(sides):
    """Of left, sign, right, sign, right …, those whose both sides are numbers."""
    triples = zip(sides[0::2], sides[1::2], sides[2::2], strict=False)
    return [
        (left.strip(), sign, right.strip())
        for left, sign, right in triples
        if is_arithmetic(left) and is_arithmetic(right)
    ]


# --- MathML, in a page


class _Tables(HTMLParser):
    """The cells of every <mtable>, as text in the notation of a terminal."""

    def __init__(self):
        super().__init__()
        self.tables, self.stack = [], []

    def handle_starttag(self, tag, attributes):
        if tag == "mtable":
            self.tables.append([])
            self.stack = []
        self.stack.append((tag, []))

    def handle_endtag(self, tag):
        while self.stack and self.stack[-1][0] != tag:  # an end that may be left out
            self.stack.pop()
        if not self.stack:
            return
        _, parts = self.stack.pop()
        if tag == "mfrac":
            text = f"{parts[0]} / ({parts[1]})"
        elif tag == "msup":
            text = f"{parts[0]}^{parts[1]}"
        elif tag in ("msub", "munder"):
            text = f"{parts[0]}_{parts[1]}"
        else:
            text = "".join(parts)
        if tag == "mtd" and self.tables:
            self.tables[-1].append(text)
        if self.stack:
            self.stack[-1][1].append(text)

    def handle_data(self, data):
        if self.stack and self.stack[-1][0] in ("mn", "mo", "mi", "mtext"):
            self.stack[-1][1].append(data)


def mathml_equations(page):
    """The same of every aligned equation of a page."""
    reader = _Tables()
    reader.feed(page)
    found = []
    for cells in reader.tables:
        flat = []
        for cell in cells[1::2]:
            if cell[0] in "=≈":
                flat += [cell[0], cell[1:]]
            else:  # the line before goes on
                flat[-1] += cell
        found += pairs_of([from_mathml(part) for part in flat[1:]])
    return found


def from_mathml(side):
    side = re.sub(r"·10\^(−?\d+)", lambda m: f"e{int(m[1].replace('−', '-')):+03d}", side)
    side = re.sub(r"(?<!e)([−+·])", r" \1 ", side).replace("·", "×")
    return re.sub(r"(^|\() − ", r"\1−", side)
