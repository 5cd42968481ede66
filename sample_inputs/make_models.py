"""Make iris.json, digits.json and digits_inputs.csv: softmax regressions trained by scikit-learn.

    pip install scikit-learn && python sample_inputs/make_models.py

Each JSON document holds one flower or digit as x, the weights as W (inputs × outputs), the
intercepts as b, the right class as target, the names of the classes (and of the features), and what scikit-learn's
predict_proba says of x. iris_W.csv holds the weights again, under a header that names the outputs;
digits_inputs.csv five more digits, one a row, and digits_targets.csv which digits they are.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).parent


def save(name, data, row, **names):
    model = LogisticRegression(max_iter=5000).fit(data.data, data.target)
    x = data.data[row]
    document = {
        "x": x.tolist(),
        "W": model.coef_.T.tolist(),
        "b": model.intercept_.tolist(),
        "target": int(data.target[row]),
        **names,
        "predict_proba": model.predict_proba([x])[0].tolist(),
    }
    (HERE / f"{name}.json").write_text(json.dumps(document) + "\n")
    return document


iris, digits = load_iris(), load_digits()
flower = save(
    "iris",
    iris,
    100,
    outputs_names=[str(c) for c in iris.target_names],
    inputs_names=[name.removesuffix(" (cm)") for name in iris.feature_names],
)
lines = [flower["outputs_names"], *flower["W"]]
(HERE / "iris_W.csv").write_text("".join(",".join(str(v) for v in line) + "\n" for line in lines))
save("digits", digits, 0, classes=[str(c) for c in digits.target_names])
np.savetxt(HERE / "digits_inputs.csv", digits.data[1:6], fmt="%g", delimiter=",")
np.savetxt(HERE / "digits_targets.csv", digits.target[1:6], fmt="%d")
