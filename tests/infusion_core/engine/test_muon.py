import subprocess
import sys
import textwrap

import pytest
import torch

from infusion_core.engine.model import make_network
from infusion_core.engine.muon import ADAM_SHARE, Muon, orthogonalised
from infusion_core.engine.train import hidden_weights
from infusion_core.schedule import make_schedule
from infusion_core.settings import DiffusionSettings, NetworkSettings


@pytest.mark.parametrize("shape", [(8, 8), (6, 40), (40, 6), (1, 5)])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e3])
def test_an_update_keeps_its_singular_vectors_and_loses_its_scale(shape, scale):
    matrix = scale * torch.randn(shape, generator=torch.Generator().manual_seed(0))
    ((result,),) = orthogonalised([matrix[None]])
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    along = left.T @ result @ right.T
    assert (along - along.diag().diag()).abs().max() < 0.01
    # directions of at least a hundredth of the largest come out near 1
    assert ((along.diag() > 0.5) & (along.diag() < 1.3))[values > 0.02 * values[0]].all()


def test_a_zero_gradient_moves_nothing():
    weight = torch.nn.Parameter(torch.ones(4, 4, 1, 1, 1))
    weight.grad = torch.zeros_like(weight)
    Muon([weight], [weight], lr=0.1).step()
    assert torch.equal(weight, torch.ones_like(weight))


def test_what_is_not_hidden_is_updated_as_adam_does():
    generator = torch.Generator().manual_seed(0)
    ours, theirs = (torch.nn.Parameter(torch.ones(7)) for _ in range(2))
    muon = Muon([ours], [], lr=0.1)
    adam = torch.optim.Adam([theirs], 0.1 * ADAM_SHARE, betas=(0.9, 0.99))
    for _ in range(5):
        ours.grad = torch.randn(7, generator=generator)
        theirs.grad = ours.grad.clone()
        muon.step()
        adam.step()
    torch.testing.assert_close(ours, theirs)


def test_its_state_goes_from_one_to_another_as_a_copy():
    one, other = (torch.nn.Parameter(torch.ones(3, 3)) for _ in range(2))
    muon, again = Muon([one], [one], lr=0.1), Muon([other], [other], lr=0.1)
    one.grad = torch.eye(3)
    muon.step()
    again.load_state_dict(muon.state_dict())
    muon.step()
    torch.testing.assert_close(again.state_dict()["state"][0]["exp_avg"], 0.1 * torch.eye(3))
    muon.zero_grad()
    assert one.grad is None


def test_training_starts_without_waiting_for_the_compiler():
    """Importing it takes seconds, in every process that trains."""
    code = """
        import sys, torch
        from infusion_core.engine.train import make_learner
        from infusion_core.settings import TrainingSettings
        learner = make_learner(torch.nn.Conv3d(1, 1, 1), TrainingSettings(optimiser="muon"))
        learner.network(torch.ones(1, 1, 1, 1, 1)).sum().backward()
        learner.optimiser.step()
        sys.exit("torch._dynamo" in sys.modules)
    """
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False).returncode == 0


@pytest.mark.parametrize("kind", ["paper", "factored"])
def test_hidden_are_all_convolutions_but_the_first_and_last(kind):
    network = make_network(NetworkSettings(kind=kind, channels=4), make_schedule(DiffusionSettings()))
    hidden = {id(weight) for weight in hidden_weights(network)}
    for name, parameter in network.named_parameters():
        inner = parameter.ndim == 5 and not name.startswith(("head", "tail"))
        assert (id(parameter) in hidden) == inner, name
    assert hidden


def test_it_finds_the_minimum_of_a_badly_scaled_problem_where_rare_directions_matter():
    scales = torch.logspace(0, -1, 6)
    target = torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
    weight = torch.nn.Parameter(torch.zeros(6, 6))
    muon = Muon([weight], [weight], lr=0.05)
    for step in range(300):
        muon.param_groups[0]["lr"] = 0.05 * (1 - step / 300)
        weight.grad = scales[:, None] ** 2 * (weight.detach() - target)
        muon.step()
    assert (weight - target).abs().max() < 0.2
