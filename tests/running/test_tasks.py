"""What a worker does with the pieces that it is given."""

import numpy as np
import pytest

from softmax_cli import InputError, loss_gradient
from softmax_cli.running.partialfile import unpacked
from softmax_cli.running.shards import PIECE_BYTES, Piece, Shard, read_shards, together
from softmax_cli.running.tasks import Goal, summed

W = np.random.default_rng(1).standard_normal((3, 4))


def written(folder, count=5, **changes):
    rng = np.random.default_rng(2)
    for n in range(count):
        x = rng.standard_normal((7 + n, 3)).astype(["f8", "f4", "i8", ">f8", "f2"][n])
        t = rng.integers(0, 4, len(x)).astype(["i8", "i4", "u1", "f8", "u8"][n])
        x, t = changes.get(f"x{n}", x), changes.get(f"t{n}", t)
        np.save(folder / f"x-{n}.npy", x)
        np.save(folder / f"t-{n}.npy", t)
    return read_shards(str(folder / "x-*.npy"), {"target": str(folder / "t-*.npy")})


def whole(shards):
    return [Piece(shard, 0, shard.rows) for shard in shards]


def test_small_shards_of_any_types_are_summed_as_one(tmp_path):
    shards = written(tmp_path)
    found = unpacked(summed(Goal(W, None, {}), whole(shards)), "sums").sums
    x = np.concatenate([np.load(shard.x).astype(float) for shard in shards])
    t = np.concatenate([np.load(shard.beside["target"]).astype(int) for shard in shards])
    assert found.rows == len(x)
    assert (found.gradient().dE_dW == loss_gradient(x, W, target=t).dE_dW).all()


def test_what_is_refused_in_one_of_many_is_named_with_its_shard(tmp_path):
    pieces = whole(written(tmp_path, t3=np.array([0, 1, 2, 3, 0, 4, 0, 0, 0, 0])))
    with pytest.raises(InputError) as caught:
        summed(Goal(W, None, {}), pieces)
    assert str(caught.value) == (f"{tmp_path}/x-3.npy: target 4 of input 5 does not exist: there are 4 outputs, 0 to 3")


def test_pieces_are_taken_together_up_to_what_is_in_memory_at_once():
    row = 8 * 64
    sizes = [PIECE_BYTES // row // 2, PIECE_BYTES // row // 2, 1, PIECE_BYTES // row, 3, 4]
    pieces = [Piece(Shard("", {}, n, 64), 0, n) for n in sizes]
    assert [[piece.rows for piece in some] for some in together(pieces)] == [sizes[:2], [1], [sizes[3]], [3, 4]]
