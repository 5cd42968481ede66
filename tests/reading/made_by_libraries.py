"""Files as people have them, made by the libraries that people make them with.

    pip install torch safetensors scikit-learn pandas && python tests/reading/made_by_libraries.py tests/reading/files

Each function writes into a folder, and gives what the library itself says the probabilities are: those are kept in
expected.json. A library is imported where it is needed.
"""

import json
import sys
from pathlib import Path

import numpy as np

X = [[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3], [5.9, 3.0, 5.1, 1.8]]
SPECIES = ["setosa", "versicolor", "virginica"]
FEATURES = ["sepal_len", "sepal_wid", "petal_len", "petal_wid"]
TRAINED_ON = [[x + 0.1 * n * (-1) ** j for j, x in enumerate(row)] for n in range(4) for row in X]


def of_torch(folder):
    """A state_dict, as .npz and as .safetensors, and its weights as they are printed."""
    import torch
    from safetensors.torch import save_file

    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 3))
    with torch.no_grad():
        model[1].weight.copy_(torch.arange(12).reshape(3, 4) / 7 - 0.8)
        model[1].bias.copy_(torch.tensor([0.1, -0.2, 0.3]))
    state = model.state_dict()
    np.savez(folder / "torch.npz", **{name: value.numpy() for name, value in state.items()})
    save_file(state, folder / "torch.safetensors")
    save_file({name: value.to(torch.bfloat16) for name, value in state.items()}, folder / "bfloat16.safetensors")
    (folder / "torch_print.txt").write_text(f"{model[1].weight.T}\n")
    x = torch.tensor(X, dtype=torch.float64)
    h = torch.softmax(model.double()(x), 1).tolist()
    rounded = torch.softmax(model.to(torch.bfloat16).double()(x), 1).tolist()
    return {"torch.npz": h, "torch.safetensors": h, "bfloat16.safetensors": rounded}


def of_scikit_learn(folder):
    """A classifier of three classes and one of two."""
    from sklearn.linear_model import LogisticRegression

    found = {}
    for classes in (3, 2):
        rows = [x for n, x in enumerate(TRAINED_ON) if n % 3 < classes]
        names = [SPECIES[n % 3] for n in range(len(TRAINED_ON)) if n % 3 < classes]
        model = LogisticRegression().fit(rows, names)
        held = {"coef_": model.coef_, "intercept_": model.intercept_, "classes_": model.classes_}
        np.savez(folder / f"sklearn{classes}.npz", **held)
        found[f"sklearn{classes}.npz"] = model.predict_proba(X).tolist()
    return found


def of_pandas(folder):
    """A table of features and species, with and without its index, and weights under names on both sides."""
    import pandas

    frame = pandas.DataFrame(X, columns=FEATURES)
    frame["species"] = [SPECIES[2], SPECIES[0], SPECIES[1]]
    frame.to_csv(folder / "frame.csv", index=False)
    frame.to_csv(folder / "frame_index.csv")
    pandas.DataFrame(X).to_csv(folder / "counted.csv")
    W = np.arange(12.0).reshape(4, 3) / 8 - 0.5
    pandas.DataFrame(W, index=FEATURES, columns=SPECIES).to_csv(folder / "W.csv")
    e = np.exp(np.array(X) @ W)
    return {"W.csv": (e / e.sum(axis=1, keepdims=True)).tolist()}


def of_numpy(folder):
    """Weights as print and savetxt write them."""
    W = np.arange(12.0).reshape(4, 3) / 8 - 0.5
    (folder / "numpy_print.txt").write_text(f"{W}\n")
    (folder / "numpy_repr.txt").write_text(f"{W!r}\n")
    np.savetxt(folder / "savetxt.txt", W, header=" ".join(SPECIES))
    e = np.exp(np.array(X) @ W)
    h = (e / e.sum(axis=1, keepdims=True)).tolist()
    return dict.fromkeys(("numpy_print.txt", "numpy_repr.txt", "savetxt.txt"), h)


MAKERS = {"torch": of_torch, "sklearn": of_scikit_learn, "pandas": of_pandas, "numpy": of_numpy}

if __name__ == "__main__":
    where = Path(sys.argv[1])
    expected = {}
    for make in MAKERS.values():
        expected |= make(where)
    (where / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
