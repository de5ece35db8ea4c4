import copy

import numpy as np
import pytest

from infusion_core.engine import phases
from infusion_core.engine.checkpoint import State
from infusion_core.engine.parallel import run_parallel, sample, train_expert, train_trunk
from infusion_core.engine.phases import Watch
from infusion_core.engine.run import run
from infusion_core.errors import Cancelled
from infusion_core.settings import override

EXPERTS = 3
FEW = {"training_steps": 4, "sampling_steps": 3}
ENDING_AT_A_HALF = [
    {"scale": 0.25, "t_low": 500, "intervals": 1, **FEW},
    {"scale": 0.5, "t_high": 600, "intervals": 2, **FEW},
]


@pytest.fixture
def parallel(tiny_settings):
    """Settings of parallel mode; tables override them."""

    def build(kind="factored", **tables):
        settings = override(tiny_settings(kind), {"training": {"mode": "parallel", "trunk_steps": 5}})
        return override(settings, tables)

    return build


@pytest.fixture
def every_step(monkeypatch):
    """Give out a state after every step instead of every minute."""
    monkeypatch.setattr(phases, "CHECKPOINT_SECONDS", -1.0)


def states_of(task, path):
    """What a task returns, and the states it gives out, each as the disk keeps it."""
    states = []

    def keep(state):
        state.save(path)
        states.append(copy.deepcopy(State.load(path)))

    return task(watch=Watch(on_checkpoint=keep)), states


def assert_same_weights(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, weight in ours.items():
        np.testing.assert_array_equal(weight, theirs[name])


@pytest.mark.parametrize(
    "tables",
    [
        {},
        {"training": {"optimiser": "adam", "ema": 0.0}},
        {"training": {"fill": "zero"}},
        {"sampling": {"layouts": 2}},
        {"sampling": {"hold_coarser": "on"}},
        {"stages": ENDING_AT_A_HALF},
    ],
    ids=["muon", "adam without average", "no fill", "layouts", "held to the coarser fill", "detail"],
)
@pytest.mark.usefixtures("every_step")
def test_every_task_resumed_from_any_step_gives_the_same_bits(waves, parallel, tmp_path, tables):
    settings, path = parallel(**tables), tmp_path / "checkpoint"
    trunk, states = states_of(lambda **o: train_trunk(waves, settings, **o), path)
    assert (trunk.fill is None) == (settings.training.fill == "zero")
    assert {state.phase for state in states} == ({"train", "start"} if trunk.fill is None else
                                                 {"train", "start", "denoise"})  # fmt: skip
    for state in states:
        again = train_trunk(waves, settings, state=state)
        assert_same_weights(again.weights, trunk.weights)
        np.testing.assert_array_equal(again.fill, trunk.fill)
    experts = {}
    for k in (1, 2, 0):
        experts[k], states = states_of(lambda k=k, **o: train_expert(waves, settings, k, trunk, **o), path)
        assert [(state.interval, state.step) for state in states] == [(k, step) for step in (1, 2, 3, 4)]
        for state in states[::2]:
            assert_same_weights(train_expert(waves, settings, k, trunk, state=state), experts[k])
    result, states = states_of(lambda **o: sample(waves, settings, experts.__getitem__, **o), path)
    for state in states:
        again = sample(waves, settings, experts.__getitem__, state=state)
        np.testing.assert_array_equal(again, result)
    np.testing.assert_array_equal(run_parallel(waves, settings), result)


def test_experts_share_the_trunk_and_become_their_own(waves, parallel):
    settings = parallel()
    trunk = train_trunk(waves, settings)
    experts = [train_expert(waves, settings, k, trunk) for k in range(EXPERTS)]
    for one, other in ((trunk.weights, experts[0]), (experts[0], experts[1]), (experts[1], experts[2])):
        assert any((one[name] != other[name]).any() for name in one)
    other = train_trunk(waves, parallel(training={"trunk_steps": 6}))
    assert any((other.weights[name] != trunk.weights[name]).any() for name in trunk.weights)


def test_the_rough_fill_is_what_experts_see_in_the_hole(waves, parallel):
    settings = parallel()
    trunk = train_trunk(waves, settings)
    known = np.broadcast_to(waves.known[None, None], trunk.fill.shape)
    assert trunk.fill[~known].std() > 0
    other = copy.deepcopy(trunk)
    other.fill[~known] += 0.5
    ours, theirs = (train_expert(waves, settings, 1, each)["tail.weight"] for each in (trunk, other))
    assert (ours != theirs).any()


def test_a_stopped_task_gives_out_where_it_stands(waves, parallel):
    settings, losses, states = parallel(), [], []
    watch = Watch(
        should_stop=lambda: len(losses) == 3,
        on_checkpoint=states.append,
        on_loss=lambda *loss: losses.append(loss),
    )
    with pytest.raises(Cancelled):
        train_trunk(waves, settings, watch=watch)
    assert [(state.phase, state.step) for state in states] == [("train", 3)]
    assert_same_weights(
        train_trunk(waves, settings, state=states[0]).weights, train_trunk(waves, settings).weights
    )


def test_known_pixels_are_the_plates_and_the_take_is_not_the_sequential_one(waves, parallel):
    reports = []
    result = run_parallel(waves, parallel(), on_progress=reports.append)
    np.testing.assert_array_equal(result[waves.known], waves.plate[waves.known])
    assert (result != run(waves, parallel()))[waves.hole].all()
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)


def test_it_learns_the_shot(make_waves, tiny_settings):
    shot = make_waves(frames=8)
    f, y, x = np.mgrid[:8, :16, :24]
    wave = np.sin(x / 3 + f) * 0.5 + 0.3 * np.cos(y / 2 - f / 2)
    truth = np.stack([wave, -wave, 0.5 * wave], axis=-1)
    training = {"optimiser": "muon", "learning_rate": 0.02, "batch": 2, "crop": 16, "mode": "parallel"}
    settings = override(
        tiny_settings(network={"channels": 12}, training=training),
        {"stages": [{"intervals": 3, "training_steps": 120, "sampling_steps": 5}]},
    )
    error = float(((run_parallel(shot, settings) - truth)[shot.hole] ** 2).mean())
    assert error < 0.3 * truth[shot.hole].var()
