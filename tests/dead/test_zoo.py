"""Real architectures with random weights: the same calls, units and flags as an independent count.

Needs torchvision, timm and transformers (`pip install 'lrn-claims[zoo]'`); nothing is downloaded.
"""

from __future__ import annotations

from operator import attrgetter

import pytest
import torch
from independent import count

from lrn.dead import dead_units
from tests.dead.flags import flags

pytestmark = [pytest.mark.zoo, pytest.mark.filterwarnings("default")]


def channels(turn, out):
    """Convolutional networks: (N, C, H, W), and behind pooling (N, F)."""
    return 1


def features(turn, out):
    """Transformers: the last dimension."""
    return -1


def image(size=64):
    return lambda generator: torch.randn(2, 3, size, size, generator=generator)


def tokens(**more):
    def make(generator):
        ids = torch.randint(1, 90, (2, 7), generator=generator)
        return {"input_ids": ids} | dict.fromkeys(more, ids)

    return make


def vision(name, **options):
    return lambda: pytest.importorskip("torchvision").models.get_model(name, weights=None, **options)


def timm(name, **options):
    return lambda: pytest.importorskip("timm").create_model(name, pretrained=False, **options)


def hugging_face(model, config, **options):
    def make():
        transformers = pytest.importorskip("transformers")
        return getattr(transformers, model)(getattr(transformers, config)(**options))

    return make


SMALL = {"d_model": 16, "vocab_size": 99, "encoder_layers": 2, "decoder_layers": 2, "encoder_ffn_dim": 24}
SMALL |= {"decoder_ffn_dim": 24, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 24, "num_layers": 2, "num_heads": 2, "vocab_size": 99}

ZOO = {
    "resnet18": (vision("resnet18"), image(), channels),
    "resnext50": (vision("resnext50_32x4d"), image(), channels),
    "vgg11_bn": (vision("vgg11_bn"), image(), channels),
    "alexnet": (vision("alexnet"), image(), channels),
    "squeezenet": (vision("squeezenet1_1"), image(), channels),
    "densenet121": (vision("densenet121"), image(), channels),
    "googlenet": (vision("googlenet", init_weights=False), image(), channels),
    "mobilenet_v2": (vision("mobilenet_v2"), image(), channels),
    "mobilenet_v3": (vision("mobilenet_v3_small"), image(), channels),
    "shufflenet": (vision("shufflenet_v2_x0_5"), image(), channels),
    "mnasnet": (vision("mnasnet0_5"), image(), channels),
    "regnet": (vision("regnet_y_400mf"), image(), channels),
    "fcn": (vision("fcn_resnet50", weights_backbone=None), image(), channels),
    "r3d": (vision("r3d_18"), lambda g: torch.randn(2, 3, 4, 32, 32, generator=g), channels),
    "timm ghostnet": (timm("ghostnet_100"), image(), channels),
    "timm repvgg": (timm("repvgg_a0"), image(), channels),
    "timm hrnet": (timm("hrnet_w18_small"), image(), channels),
    "timm dla": (timm("dla34"), image(), channels),
    "timm res2net": (timm("res2net50_26w_4s"), image(), channels),
    "timm skresnet": (timm("skresnet18"), image(), channels),
    "timm lcnet": (timm("lcnet_050"), image(), channels),
    "timm dpn": (timm("dpn48b", act_layer="relu"), image(), channels),
    "timm levit": (timm("levit_128s"), image(224), lambda turn, out: 1 if out.ndim == 4 else -1),
    "T5": (hugging_face("T5Model", "T5Config", **T5), tokens(decoder_input_ids=1), features),
    "Switch": (
        hugging_face("SwitchTransformersEncoderModel", "SwitchTransformersConfig", num_experts=2, **T5),
        tokens(),
        features,
    ),
    "OPT": (
        hugging_face("OPTModel", "OPTConfig", hidden_size=16, ffn_dim=24, num_hidden_layers=2,
                     num_attention_heads=2, vocab_size=99, word_embed_proj_dim=16),
        tokens(), features,
    ),
    "BART": (
        hugging_face("BartModel", "BartConfig", activation_function="relu", **SMALL), tokens(), features),
    "M2M100": (
        hugging_face("M2M100Model", "M2M100Config", **SMALL), tokens(decoder_input_ids=1), features),
    "BERT with ReLU": (
        hugging_face("BertModel", "BertConfig", hidden_act="relu", hidden_size=16, intermediate_size=24,
                     num_hidden_layers=2, num_attention_heads=2, vocab_size=99),
        tokens(), features,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ZOO)
def test_a_real_model_has_the_same_calls_units_and_flags_as_an_independent_count(name):
    make, data, unit_dims = ZOO[name]
    torch.manual_seed(0)
    model = make().eval()
    plant(model)
    generator = torch.Generator().manual_seed(1)
    batches = [data(generator), data(generator)]
    expected = count(model, batches, unit_dims)
    report = dead_units(model, iter(batches), merge_calls=False)
    assert flags(report) == expected
    assert sum(map(sum, expected)) > 0
    assert not report.not_counted


def plant(model):
    """In every fifth layer with a bias, or linear layer without one, two units are made never to be positive."""
    biased = [m for m in model.modules() if isinstance(getattr(m, "bias", None), torch.Tensor) and m.bias.ndim == 1]
    linear = [m for m in model.modules() if isinstance(m, torch.nn.Linear) and m.bias is None]
    with torch.no_grad():
        for module in biased[::5]:
            module.bias[[0, -1]] = -1e6
        for module in linear:
            module.weight[[0, -1]] = 0.0


@pytest.mark.parametrize("name", ["resnet18", "T5", "densenet121"])
def test_merged_calls_of_a_real_model_are_the_same_units(name):
    make, data, _ = ZOO[name]
    torch.manual_seed(0)
    model, batch = make().eval(), data(torch.Generator().manual_seed(1))
    apart, merged = dead_units(model, batch, merge_calls=False), dead_units(model, batch)
    assert merged.names == apart.names


def test_deberta_whose_clamps_are_of_positions_has_no_relu():
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    options = {"vocab_size": 99, "relative_attention": True, "pos_att_type": ["p2c", "c2p"]}
    make = hugging_face("DebertaV2Model", "DebertaV2Config", **sizes, **options)
    with pytest.raises(ValueError, match="no ReLU-like activation was called"):
        dead_units(make(), tokens()(torch.Generator().manual_seed(0)))


def test_linear_attention_has_all_its_features_as_units():
    model = timm("efficientvit_b0")().eval()
    report = dead_units(model, torch.randn(1, 3, 64, 64))
    attention = [layer for layer in report.layers if "kernel_func" in layer.name]
    assert attention
    assert min(map(attrgetter("units"), attention)) > 2 * 16


@pytest.mark.parametrize("name", ["ssdlite320_mobilenet_v3_large", "fasterrcnn_mobilenet_v3_large_320_fpn"])
def test_clamps_of_detected_boxes_are_not_activations(name):
    torch.manual_seed(0)
    models = pytest.importorskip("torchvision").models
    model = models.get_model(name, weights=None, weights_backbone=None).eval()
    report = dead_units(model, torch.rand(1, 3, 160, 160))
    assert len(report.layers) > 40
    for called in (*report.names, *report.not_counted):
        assert "clamp" not in called
