"""Models as frameworks save them: which of their arrays are W and b, and how W is stored."""

import json
import struct

import numpy as np
import pytest
from bad_input import refusal

from softmax_cli import forward
from softmax_cli.reading.option_arrays import read_array
from softmax_cli.reading.read_problem import read_problem

W = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])  # as torch stores it: two outputs, three inputs
B = np.array([7.0, 8.0])
FORMS = ["m.npz", "m.json", "m.safetensors"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def safetensors(path, **tensors):
    """A file as the format is described: a length, a header in JSON, raw numbers."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, (kind, shape, raw) in tensors.items():
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def save(path, **arrays):
    if path.endswith(".npz"):
        np.savez(path, **arrays)
    elif path.endswith(".json"):
        with open(path, "w") as file:
            json.dump({name: array.tolist() for name, array in arrays.items()}, file)
    else:
        safetensors(path, **{name: ("F64", array.shape, array.tobytes()) for name, array in arrays.items()})


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    ("names", "stored", "note"),
    [
        (("weight", "bias"), W, "weight is taken as W, stored outputs × inputs"),
        (("fc.weight", "fc.bias"), W, "fc.weight is taken as W, stored outputs × inputs"),
        (("coef_", "intercept_"), W, "coef_ is taken as W, stored outputs × inputs"),
        (("kernel", "bias"), W.T, "kernel is taken as W"),
        (("dense.kernel:0", "dense.bias:0"), W.T, "dense.kernel:0 is taken as W"),
        (("layer.W", "layer.b"), W.T, "layer.W is taken as W"),
    ],
)
def test_the_one_layer_of_a_file_is_found_by_its_names(path, names, stored, note):
    save(path, **dict(zip(names, (stored, B), strict=True)))
    problem = read_problem(path, "1,2,3", None, None)
    assert (problem.W.tolist(), problem.b.tolist()) == (W.T.tolist(), B.tolist())
    assert problem.notes == (f"{path}: {names[1]} is taken as b", f"{path}: {note}")


def test_biases_may_be_missing_and_norms_are_no_layers():
    save("m.npz", **{"norm.weight": B, "norm.bias": B, "fc.weight": W})
    problem = read_problem("m.npz", "1,2,3", None, None)
    assert (problem.W.tolist(), problem.b) == (W.T.tolist(), None)


def test_an_option_says_how_w_is_stored_whatever_its_name():
    save("m.npz", weight=W)
    problem = read_problem("m.npz", "1,2", None, None, layout="in-out")
    assert (problem.W.tolist(), problem.notes) == (W.tolist(), ("m.npz: weight is taken as W",))


@pytest.mark.parametrize("path", FORMS)
def test_of_several_layers_one_is_to_be_chosen(path):
    save(path, **{"a.weight": W, "a.bias": B, "b.weight": W.T})
    expected = (
        f"{path} holds a.weight (2, 3), b.weight (3, 2), where one layer is expected",
        f"choose one, as in -W {path}:a.weight -b {path}:a.bias",
    )
    assert refusal(lambda: read_problem(path, "1,2,3", None, None)) == expected
    assert refusal(lambda: read_problem(None, "1,2,3", path, None)) == expected
    problem = read_problem(None, "1,2,3", f"{path}:a.weight", f"{path}:a.bias")
    assert (problem.W.tolist(), problem.b.tolist()) == (W.T.tolist(), B.tolist())
    assert problem.notes == (f"{path}: a.weight is taken as W, stored outputs × inputs",)


@pytest.mark.parametrize("path", FORMS)
def test_without_a_usual_name_the_keys_are_listed(path):
    save(path, **{f"p{i}": B for i in range(10)})
    listed = ", ".join(f"p{i} (2,)" for i in range(8)) + " and 2 more"
    assert refusal(lambda: read_problem(path, "1,2,3", None, None)) == (
        "W is missing: give it with -W, or in INPUT",
        f"{path} holds {listed}",
    )
    assert refusal(lambda: read_array(path, "-W", 2)) == (
        f"{path} has no key 'W'",
        f"it holds {listed}: choose one with {path}:KEY",
    )
    assert refusal(lambda: read_array(f"{path}:q", "-W", 2))[0] == f"{path} has no key 'q'"
    assert read_array(f"{path}:p3", "-b", 1).array.tolist() == B.tolist()


def test_the_last_colon_that_leaves_a_file_parts_it_from_the_key(folder):
    save("m.npz", **{"a:b": B, "b": W})
    assert read_array("m.npz:a:b", "-b", 1).array.tolist() == B.tolist()
    (folder / "m.npz").rename(folder / "m.npz:a")
    assert read_array("m.npz:a:b", "-b", 2).array.tolist() == W.tolist()
    (folder / "m.npz:a").rename(folder / "m.npz:a:b")
    assert refusal(lambda: read_array("m.npz:a:b:c", "-b", 1))[0] == "m.npz:a:b has no key 'c'"
    assert refusal(lambda: read_array("gone.npz:b", "-b", 1))[0] == "-b: no such file: gone.npz"


def test_a_file_of_one_array_has_no_keys(folder):
    np.save("b.npy", B)
    assert refusal(lambda: read_array("b.npy:b", "-b", 1)) == ("b.npy holds one array, and no key 'b'", "")


def test_what_a_document_says_of_its_w_holds_wherever_it_is_named(folder):
    (folder / "in.json").write_text(json.dumps({"W": W.tolist(), "weights_layout": "out-in"}))
    assert read_problem(None, "1,2,3", "in.json", None).W.tolist() == W.T.tolist()
    assert refusal(lambda: read_problem(None, "1,2", "in.json", None, layout="in-out")) == (
        "in.json says that its W is stored out-in",
        "drop --weights-layout in-out",
    )


# --- a binary classifier -----------------------------------------------------------------------


@pytest.mark.parametrize("path", FORMS)
def test_coef_of_two_classes_becomes_two_outputs(path):
    save(path, coef_=W[:1], intercept_=B[:1])
    note = (
        f"{path}: coef_ is taken as W, stored outputs × inputs; its one row is a binary classifier's, "
        "the second of two outputs"
    )
    for where in ((path, "1,2,3", None, None), (None, "1,2,3", f"{path}:coef_", f"{path}:intercept_")):
        problem = read_problem(*where)
        assert (problem.W.T.tolist(), problem.b.tolist()) == ([[0, 0, 0], [1, 2, 3]], [0, 7])
        assert problem.notes[-1] == note


def test_weight_of_one_output_stays_one_output():
    save("m.npz", weight=W[:1])
    assert read_problem("m.npz", "1,2,3", None, None).W.shape == (3, 1)


# --- the types of .safetensors -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "raw", "values"),
    [
        ("F64", struct.pack("<3d", 0.1, -2.0, 5e-324), [0.1, -2.0, 5e-324]),
        ("F32", struct.pack("<3f", 0.5, -2.0, 2.0**-149), [0.5, -2.0, 2.0**-149]),
        ("F16", struct.pack("<3e", 0.5, -2.0, 2.0**-24), [0.5, -2.0, 2.0**-24]),
        ("BF16", bytes.fromhex("803f00c00100"), [1.0, -2.0, 2.0**-133]),
        ("I64", struct.pack("<3q", 1, -2, 2**53), [1.0, -2.0, 2.0**53]),
        ("I8", struct.pack("3b", 1, -2, 127), [1.0, -2.0, 127.0]),
        ("U16", struct.pack("<3H", 1, 2, 65535), [1.0, 2.0, 65535.0]),
    ],
)
def test_a_tensor_of_any_real_type_is_read_for_its_values(kind, raw, values):
    safetensors("m.safetensors", other=("BOOL", (1,), b"\1"), b=(kind, (3,), raw))
    assert read_array("m.safetensors", "-b", 1).array.tolist() == values


def test_tensors_are_told_by_their_content(folder):
    save("m.safetensors", b=B)
    (folder / "m.safetensors").rename(folder / "model")
    assert read_array("model", "-b", 1).array.tolist() == B.tolist()
    assert read_problem("model", "1", "2,3", None).b.tolist() == B.tolist()


# --- made by the libraries themselves ----------------------------------------------------------


def test_a_file_of_the_safetensors_library_is_read():
    library = pytest.importorskip("safetensors.numpy")
    library.save_file({"fc.weight": W.astype(np.float32), "fc.bias": B.astype(np.float32)}, "m.safetensors")
    problem = read_problem("m.safetensors", "1,2,3", None, None)
    assert (problem.W.tolist(), problem.b.tolist()) == (W.T.tolist(), B.tolist())


@pytest.mark.parametrize("classes", [2, 3])
def test_a_classifier_of_scikit_learn_gives_its_probabilities(classes):
    linear = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)), np.arange(60) % classes
    fitted = linear.LogisticRegression().fit(X, y)
    np.savez("m.npz", coef_=fitted.coef_, intercept_=fitted.intercept_, x=X)
    problem = read_problem("m.npz", None, None, None)
    h = forward(problem.x, problem.W, problem.b).h
    np.testing.assert_allclose(h, fitted.predict_proba(X), rtol=1e-12)
