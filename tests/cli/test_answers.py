"""`check --against` of many files: a line a file, a summary, an exit."""

import json
import os

import numpy as np
import pytest
from command import SAMPLES, refused, run

ARTICLE = str(SAMPLES / "article.json")


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


@pytest.fixture
def answers(tmp_path):
    """A folder of answers to the article's example."""
    layer = json.loads((SAMPLES / "article.json").read_text())
    x, W = np.array(layer["x"]), np.array(layer["W"])
    h = softmax(x @ W)
    M = np.kron(np.diag(h) - np.outer(h, h), x)
    folder = tmp_path / "answers"
    (folder / "late").mkdir(parents=True)
    np.save(folder / "ann.npy", M)
    np.savetxt(folder / "bob.csv", -M, delimiter=",")
    row = M.copy()
    row[4] *= 0.125
    np.save(folder / "late" / "eve.npy", row)
    (folder / ".hidden.npy").write_bytes(b"nothing")
    return folder


def spelt(text):
    """With the separator of the system in the paths of answers."""
    return text.replace("answers/", f"answers{os.sep}").replace("late/", f"late{os.sep}")


def check(folder, *against, status, input=ARTICLE):
    return run("check", input, "--against", *against, cwd=folder.parent, status=status)


LINES = [
    "file                   result       verdict                       diagnosis",
    "─" * 126,
    "answers/ann.npy        layer-grad   agrees",
    "answers/bob.csv        layer-grad   differs in 75 of 75 entries   sign-flipped",
    "answers/late/eve.npy   layer-grad   differs in 15 of 75 entries   all but row 4 are right; row 4 is 0.125 of "
    "what it should be",
    "",
    "3 files: 1 agrees, 2 differ",
]
TABLE = [spelt(line) for line in LINES]


@pytest.mark.parametrize(
    "named",
    [
        ["answers"],
        ["answers/"],
        ["answers/**/*.*"],
        ["answers/*.*", "answers/late"],
        ["answers/ann.npy", "--against", "answers/bob.csv", "--against", "answers/late/eve.npy"],
        ["answers/ann.npy", "answers/bob.csv", "answers/late/eve.npy"],
        ["answers/ann.npy", "answers", "answers/*.csv"],
    ],
)
def test_a_folder_a_pattern_and_many_files_are_a_table(answers, named):
    assert check(answers, *named, status=1).stdout.splitlines() == TABLE


def test_all_right_is_exit_0(answers):
    (answers / "bob.csv").unlink()
    done = check(answers, "answers/*.npy", "answers/ann.npy", status=0)
    assert done.stdout.splitlines()[-1] == "1 file: 1 agrees, 0 differ"


def test_what_cannot_be_read_is_a_line_and_exit_2(answers):
    (answers / "cy.csv").write_text("a,b\n1,x\n")
    np.save(answers / "dan.npy", np.ones(7))
    lines = check(answers, "answers", status=2).stdout.splitlines()
    assert lines[4:6] == list(map(spelt, [
        "answers/cy.csv                      not read                      answers/cy.csv row 2, column 2 is 'x', "
        "where a number is expected",
        "answers/dan.npy                     not read                      answers/dan.npy has shape (7,), where (5, "
        "15) (numerator) or (15, 5) (denominator) or (5, 3, 5) (tensor) is expected",
    ]))  # fmt: skip
    assert lines[-1] == "5 files: 1 agrees, 2 differ, 2 could not be read"


def test_json_is_a_document_a_file(answers):
    (answers / "cy.csv").write_text("a,b\n1,x\n")
    documents = [json.loads(line) for line in check(answers, "answers", "--json", status=2).stdout.splitlines()]
    assert [(d["file"], d.get("agrees"), d.get("diagnosis")) for d in documents] == [
        (spelt("answers/ann.npy"), True, None),
        (spelt("answers/bob.csv"), False, "sign-flipped"),
        (spelt("answers/cy.csv"), None, None),
        (spelt("answers/late/eve.npy"), False, None),
    ]
    assert documents[2]["error"] == spelt("answers/cy.csv row 2, column 2 is 'x', where a number is expected")


def test_a_file_of_another_kind_is_passed_over_with_a_note(answers):
    (answers / "notes.pdf").write_text("%PDF")
    done = check(answers, "answers", status=1)
    assert done.stdout.splitlines() == TABLE
    said = "softmax-jac: not checked, being no file of numbers by its name: answers/notes.pdf\n"
    assert done.stderr == spelt(said)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("nobody/*.npy", "--against: no file is named like nobody/*.npy"),
        ("empty", "--against: the folder empty holds no file of numbers"),
    ],
)
def test_what_names_no_file_is_refused(answers, named, said):
    (answers.parent / "empty").mkdir()
    assert refused("check", ARTICLE, "--against", named, cwd=answers.parent) == [f"softmax-jac: error: {said}"]


def test_an_error_of_the_options_is_told_once(answers):
    how = ["check", ARTICLE, "--against", "answers", "--rtol", "2"]
    assert refused(*how, cwd=answers.parent) == [
        "softmax-jac: error: rtol is 2.0, where a number from 0 up to 1 is expected"
    ]


def test_input_may_come_after_the_files(answers):
    done = run("check", "--against", "answers/ann.npy", ARTICLE, cwd=answers.parent)
    assert done.stdout == "answers/ann.npy: layer-grad: agrees (numerator layout)\n"
    done = run("check", "--against", "answers/ann.npy", "answers/bob.csv", ARTICLE, cwd=answers.parent, status=1)
    assert done.stdout.splitlines()[-1] == "2 files: 1 agrees, 1 differs"


class TestWhatAFileHolds:
    def setup_method(self):
        rng = np.random.default_rng(0)
        self.x, self.W, self.t = rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), np.array([0, 4, 2, 1])
        h = np.array([softmax(z) for z in self.x @ self.W])
        self.d = (h - np.eye(5)[self.t]) / 4
        self.h, self.dW, self.db, self.dx = h, self.x.T @ self.d, self.d.sum(0), self.d @ self.W.T

    def check(self, folder, name, status, *more):
        (folder / "in.json").write_text(json.dumps({"x": self.x.tolist(), "W": self.W.tolist()}))
        target = ["--target", ",".join(map(str, self.t))]
        return run("check", "in.json", *target, "--against", name, *more, cwd=folder, status=status)

    @pytest.mark.parametrize(
        "names", [("dW", "db", "dx"), ("grad_W", "bias_grad", "input_grad"), ("dE_dW", "dE_db", "dX")]
    )
    def test_an_archive_is_checked_whole(self, tmp_path, names):
        np.savez(tmp_path / "a.npz", **dict(zip(names, (self.dW, -self.db, self.dx), strict=True)))
        lines = self.check(tmp_path, "a.npz", 1).stdout.splitlines()
        assert [line for line in lines if line.startswith("a.npz: ")] == [
            "a.npz: dE_dW: agrees (in-out layout)",
            "a.npz: dE_db: differs in 5 of 5 entries (vector layout)",
            "a.npz: dE_dx: agrees (vector layout)",
        ]
        assert "diagnosis: sign-flipped" in lines
        document = json.loads(self.check(tmp_path, "a.npz", 1, "--json").stdout)
        assert (document["file"], document["agrees"]) == ("a.npz", False)
        assert {of: report["agrees"] for of, report in document["results"].items()} == {
            "dE_dW": True, "dE_db": False, "dE_dx": True}  # fmt: skip

    @pytest.mark.parametrize("name", ["dW", "grad_W", "W_grad"])
    def test_the_result_that_is_asked_for_is_found_by_the_name_people_give_it(self, tmp_path, name):
        np.savez(tmp_path / "a.npz", **{name: -self.dW}, db=self.db)
        done = self.check(tmp_path, "a.npz", 1, "--of", "loss-grad")
        assert "diagnosis: sign-flipped" in done.stdout

    def test_of_two_names_of_the_result_that_is_asked_for_none_is_taken(self, tmp_path):
        np.savez(tmp_path / "a.npz", dW=self.dW, grad_W=-self.dW)
        assert self.check(tmp_path, "a.npz", 2, "--of", "dE_dW").stderr.splitlines() == [
            "softmax-jac: error: a.npz has no key 'dE_dW'",
            "it holds dW (3, 5), grad_W (3, 5): choose one with a.npz:KEY",
        ]

    def test_a_name_that_is_no_result_is_told(self, tmp_path):
        np.savez(tmp_path / "a.npz", dW=self.dW, foo=1.0)
        done = self.check(tmp_path, "a.npz", 0)
        assert done.stdout == "a.npz: dE_dW: agrees (in-out layout)\n"
        assert done.stderr == "softmax-jac: a.npz: foo: no result known here\n"

    @pytest.mark.parametrize("key", ["dW", "db", "dx", "d", "h"])
    def test_an_array_is_known_by_its_shape(self, tmp_path, key):
        np.save(tmp_path / "a.npy", getattr(self, key))
        name = {"dW": "dE_dW", "db": "dE_db", "dx": "dE_dx", "d": "dE_dz", "h": "h"}[key]
        assert self.check(tmp_path, "a.npy", 0).stdout.startswith(f"a.npy: {name}: agrees")


def test_a_class_of_thirty_is_checked_into_one_table(tmp_path):
    rng = np.random.default_rng(0)
    x, W = rng.normal(size=4), rng.normal(size=(4, 3))
    (tmp_path / "in.json").write_text(json.dumps({"x": x.tolist(), "W": W.tolist()}))
    h = softmax(x @ W)
    D = np.diag(h) - np.outer(h, h)
    M = np.kron(D, x)
    wrong = [
        ("", M), ("sign-flipped", -M), ("scaled", M / 3), ("missing-input", np.kron(D, np.ones(4))),
        ("missing-diagonal", np.kron(-np.outer(h, h), x)), ("diagonal-only", np.kron(np.diag(h - h * h), x)),
    ]  # fmt: skip
    (tmp_path / "class").mkdir()
    for n in range(30):
        np.save(tmp_path / "class" / f"pupil{n:02}.npy", wrong[n % 6][1])
    lines = run("check", "in.json", "--against", "class", cwd=tmp_path, status=1).stdout.splitlines()
    assert [line.split()[0] for line in lines[2:32]] == [f"class{os.sep}pupil{n:02}.npy" for n in range(30)]
    verdicts = [line.split()[2:] for line in lines[2:32]]
    assert verdicts[0] == ["agrees"]
    assert [words[-1] for words in verdicts[1:6]] == [name for name, _ in wrong[1:]]
    assert lines[32:] == ["", "30 files: 5 agree, 25 differ"]
