#include "train/graph_module.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include <dbnet/error.hpp>

#include "engine/backend.hpp"
#include "model/networks/network.hpp"
#include "support/ppocr_models.hpp"
#include "support/random_graph.hpp"
#include "train/fused_layers.hpp"
#include "train/torch_error.hpp"

namespace dbnet::train {
namespace {

using model::Dims;
using model::Graph;
using model::Op;
using test::GraphBuilder;
using testing::HasSubstr;
using torch::Tensor;

double distance(const Tensor& a, const Tensor& b) {
    return a.sizes() == b.sizes() ? (a - b).abs().max().item<double>() : INFINITY;
}

Tensor values_of(const engine::Buffer& buffer) {
    return torch::from_blob(buffer.data(), buffer.dims()).clone();
}

bool is_trainable(const Graph& graph) {
    return graph.inputs.size() == 1 && graph.inputs[0].type == model::DataType::f32 &&
           std::all_of(graph.outputs.begin(), graph.outputs.end(),
                       [](const auto& output) { return output.type == model::DataType::f32; });
}

/// Compares the module's outputs with the oracle's on graphs of one kind; returns how many of them
/// could be compared: the kinds draw other types and inputs, too.
int compare_with_oracle(const test::GraphKind& kind, std::uint64_t seeds) {
    const engine::Backend& oracle = engine::reference_backend();
    int compared = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const test::GraphCase graph_case = test::random_graph(kind, seed);
        if (!is_trainable(graph_case.graph)) continue;
        SCOPED_TRACE(test::describe(graph_case));
        std::vector<Tensor> actual;
        try {
            GraphModule module(graph_case.graph);
            module.eval();
            actual = module.forward(values_of(graph_case.inputs[0]));
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::unsupported) << error.what();
            continue;
        }
        const auto executable = oracle.compile(graph_case.graph);
        const auto context = oracle.create_context(1);
        const auto expected = oracle.run(*executable, *context, graph_case.inputs);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const Tensor truth = values_of(expected[i]);
            const double scale = std::max(1e-6, truth.abs().max().item<double>());
            EXPECT_LT(distance(actual[i], truth), 1e-4 * scale) << "output " << i;
        }
        ++compared;
    }
    return compared;
}

TEST(GraphModule, ComputesWhatTheOracleComputes) {
    int compared = 0;
    for (const test::GraphKind& kind : test::operator_kinds())
        compared += compare_with_oracle(kind, 10);
    for (const test::GraphKind& kind : test::chain_kinds())
        compared += compare_with_oracle(kind, 10);
    EXPECT_GT(compared, 200);
}

Tensor leaf(const Tensor& values) { return values.detach().clone().requires_grad_(true); }

/// One BatchNorm with its operands, all leaves, in the given type of x.
struct BatchNormCase {
    Tensor x;
    Tensor residual;
    BatchNorm layer;

    BatchNormCase(const Dims& dims, bool with_residual, bool training, torch::ScalarType type) {
        torch::manual_seed(3);
        const std::int64_t channels = dims[1];
        x = leaf((torch::randn(dims) * 2 + 1.5).to(type));
        if (with_residual) residual = leaf(torch::randn(dims).to(type));
        layer = {.scale = leaf(torch::rand({channels}) + 0.5),
                 .bias = leaf(torch::randn({channels})),
                 .mean = torch::randn({channels}),
                 .variance = torch::rand({channels}) + 0.5,
                 .epsilon = 1e-5,
                 .momentum = 0.1,
                 .training = training};
    }

    /// The same in f64, by LibTorch's operators.
    Tensor plain(Activation activation) {
        for (Tensor* tensor : {&layer.mean, &layer.variance}) *tensor = tensor->to(torch::kFloat64);
        for (Tensor* tensor : {&x, &residual, &layer.scale, &layer.bias})
            if (tensor->defined()) *tensor = leaf(tensor->to(torch::kFloat64));
        Tensor z = at::batch_norm(x, layer.scale, layer.bias, layer.mean, layer.variance,
                                  layer.training, layer.momentum, layer.epsilon, false);
        if (residual.defined()) z = z + residual;
        if (activation == Activation::relu) return z.relu();
        return activation == Activation::hard_swish ? at::hardswish(z) : z;
    }

    std::vector<Tensor> gradients(const Tensor& y) {
        torch::manual_seed(4);
        (y * torch::randn(y.sizes()).to(y.scalar_type())).sum().backward();
        std::vector<Tensor> all{x.grad(), layer.scale.grad(), layer.bias.grad(), layer.mean,
                                layer.variance};
        if (residual.defined()) all.push_back(residual.grad());
        return all;
    }
};

void expect_fused_equals_plain(const Dims& dims, bool with_residual, bool training,
                               Activation activation, torch::ScalarType type, double tolerance) {
    BatchNormCase fused(dims, with_residual, training, type);
    BatchNormCase plain(dims, with_residual, training, type);
    const Tensor y = batch_norm(fused.layer, fused.x, fused.residual, activation);
    const Tensor truth = plain.plain(activation);
    EXPECT_LT(distance(y.to(torch::kFloat64), truth), tolerance * 4);
    const auto actual = fused.gradients(y);
    const auto expected = plain.gradients(truth);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const double scale = std::max(1.0, expected[i].abs().max().item<double>());
        EXPECT_LT(distance(actual[i].to(torch::kFloat64), expected[i]), tolerance * scale)
            << "gradient " << i;
    }
}

TEST(FusedBatchNorm, EqualsLibTorchsOperatorsInF64) {
    for (const Dims& dims : {Dims{2, 3, 5, 7}, Dims{4, 24, 8, 8}, Dims{1, 130, 3, 2}})
        for (const bool residual : {false, true})
            for (const bool training : {false, true})
                for (const Activation activation :
                     {Activation::none, Activation::relu, Activation::hard_swish}) {
                    if (residual && activation == Activation::hard_swish) continue;
                    SCOPED_TRACE(testing::Message() << model::to_string(dims) << residual
                                                    << training << static_cast<int>(activation));
                    expect_fused_equals_plain(dims, residual, training, activation, torch::kFloat32,
                                              2e-5);
                }
}

TEST(FusedBatchNorm, RoundsInBf16OnlyWhatItWrites) {
    // Without kinks: a rounded sum may fall on the other side of one.
    for (const bool residual : {false, true})
        expect_fused_equals_plain({2, 16, 9, 8}, residual, true, Activation::none, torch::kBFloat16,
                                  8e-3);
}

TEST(FusedBatchNorm, KeepsTheVarianceOfLargeMeans) {
    BatchNormCase fused({2, 8, 16, 16}, false, true, torch::kFloat32);
    fused.x = leaf(torch::randn({2, 8, 16, 16}) * 0.01 + 300);
    const Tensor y = batch_norm(fused.layer, fused.x, {}, Activation::none);
    const Tensor x = fused.x.detach().to(torch::kFloat64);
    const Tensor truth =
        at::batch_norm(x, fused.layer.scale.to(torch::kFloat64),
                       fused.layer.bias.to(torch::kFloat64), {}, {}, true, 0.1, 1e-5, false);
    EXPECT_LT(distance(y.to(torch::kFloat64), truth), 2e-2);
}

TEST(DepthwiseConv, GradientsAreLibTorchsInF64) {
    torch::manual_seed(7);
    for (const std::int64_t taps : {3, 5})
        for (const std::int64_t stride : {1, 2})
            for (const std::int64_t channels : {16, 21, 40}) {
                SCOPED_TRACE(testing::Message() << taps << ' ' << stride << ' ' << channels);
                const Tensor x = leaf(torch::randn({2, channels, 9, 11}));
                const Tensor weight = leaf(torch::randn({channels, 1, taps, taps}));
                const Tensor bias = stride == 1 ? leaf(torch::randn({channels})) : Tensor();
                const Tensor wide_x = leaf(x.to(torch::kFloat64));
                const Tensor wide_weight = leaf(weight.to(torch::kFloat64));
                const Tensor wide_bias = bias.defined() ? leaf(bias.to(torch::kFloat64)) : Tensor();
                const Tensor y = depthwise_conv(x, weight, bias, stride, taps / 2);
                const Tensor truth =
                    at::conv2d(wide_x, wide_weight, wide_bias, stride, taps / 2, 1, channels);
                const Tensor direction = torch::randn(y.sizes());
                (y * direction).sum().backward();
                (truth * direction).sum().backward();
                EXPECT_LT(distance(y, truth), 1e-4);
                EXPECT_LT(distance(x.grad(), wide_x.grad()), 1e-4);
                EXPECT_LT(distance(weight.grad(), wide_weight.grad()), 2e-4);
                if (bias.defined()) EXPECT_LT(distance(bias.grad(), wide_bias.grad()), 2e-4);
            }
}

/// The corners' pixels in their places, by LibTorch's operators.
Tensor corner_pixels(const Tensor& corners, const Tensor& fine) {
    const std::int64_t h = fine.size(2);
    const std::int64_t w = fine.size(3);
    return at::pixel_shuffle(corners.view({fine.size(0), 4, fine.size(1), h / 2 + 1, w / 2 + 1})
                                 .transpose(1, 2)
                                 .reshape({fine.size(0), 4 * fine.size(1), h / 2 + 1, w / 2 + 1}),
                             2)
        .slice(2, 1, h + 1)
        .slice(3, 1, w + 1);
}

TEST(CornerPixels, EqualLibTorchsOperatorsInF64) {
    torch::manual_seed(12);
    for (const Dims& dims : {Dims{2, 3, 2, 2}, Dims{3, 40, 6, 10}, Dims{1, 16, 4, 2}}) {
        SCOPED_TRACE(model::to_string(dims));
        const Tensor fine = leaf(torch::randn(dims));
        const Tensor corners =
            leaf(torch::randn({dims[0], 4 * dims[1], dims[2] / 2 + 1, dims[3] / 2 + 1}));
        const Tensor wide_fine = leaf(fine.to(torch::kFloat64));
        const Tensor wide_corners = leaf(corners.to(torch::kFloat64));
        const Tensor y = add_corner_pixels(fine, corners);
        const Tensor truth = wide_fine + corner_pixels(wide_corners, wide_fine);
        const Tensor direction = torch::randn(dims);
        (y * direction).sum().backward();
        (truth * direction).sum().backward();
        EXPECT_LT(distance(y, truth), 1e-6);
        EXPECT_LT(distance(fine.grad(), wide_fine.grad()), 1e-6);
        EXPECT_LT(distance(corners.grad(), wide_corners.grad()), 1e-6);
    }
}

TEST(ScaledActivation, EqualsLibTorchsOperatorsInF64) {
    torch::manual_seed(8);
    for (const Dims& dims : {Dims{2, 3, 5, 7}, Dims{3, 24, 8, 8}, Dims{1, 130, 65, 3}})
        for (const Activation activation : {Activation::relu, Activation::hard_swish}) {
            SCOPED_TRACE(testing::Message()
                         << model::to_string(dims) << static_cast<int>(activation));
            const Tensor x = leaf(torch::randn(dims) * 3);
            const Tensor scale = leaf(torch::full({1}, -0.7f));
            const Tensor offset = leaf(torch::full({1, 1}, 0.3f));
            const Tensor wide_x = leaf(x.to(torch::kFloat64));
            const Tensor wide_scale = leaf(scale.to(torch::kFloat64));
            const Tensor wide_offset = leaf(offset.to(torch::kFloat64));
            const Tensor y = scaled_activation(x, activation, scale, offset);
            const Tensor plain =
                activation == Activation::relu ? wide_x.relu() : at::hardswish(wide_x);
            const Tensor truth = plain * wide_scale + wide_offset;
            const Tensor direction = torch::randn(dims);
            (y * direction).sum().backward();
            (truth * direction).sum().backward();
            EXPECT_LT(distance(y, truth), 1e-5);
            EXPECT_LT(distance(x.grad(), wide_x.grad()), 1e-5);
            EXPECT_LT(distance(scale.grad(), wide_scale.grad()), 2e-3);
            EXPECT_LT(distance(offset.grad(), wide_offset.grad()), 2e-3);
        }
}

TEST(Gated, EqualsLibTorchsOperatorsInF64) {
    torch::manual_seed(9);
    for (const Dims& dims : {Dims{2, 3, 5, 7}, Dims{3, 24, 8, 8}, Dims{1, 130, 3, 2}})
        for (const bool adds_input : {false, true}) {
            SCOPED_TRACE(testing::Message() << model::to_string(dims) << adds_input);
            const Tensor x = leaf(torch::randn(dims));
            const Tensor gate = leaf(torch::rand({dims[0], dims[1], 1, 1}));
            const Tensor wide_x = leaf(x.to(torch::kFloat64));
            const Tensor wide_gate = leaf(gate.to(torch::kFloat64));
            const Tensor y = gated(x, gate, adds_input);
            const Tensor truth = wide_x * (wide_gate + (adds_input ? 1 : 0));
            const Tensor direction = torch::randn(dims);
            (y * direction).sum().backward();
            (truth * direction).sum().backward();
            EXPECT_LT(distance(y, truth), 1e-5);
            EXPECT_LT(distance(x.grad(), wide_x.grad()), 1e-5);
            EXPECT_LT(distance(gate.grad(), wide_gate.grad()), 1e-4);
        }
}

TEST(GlobalAveragePool, GradientIsLibTorchs) {
    torch::manual_seed(10);
    for (const Dims& dims : {Dims{2, 3, 5, 7}, Dims{3, 24, 8, 8}}) {
        const Tensor x = leaf(torch::randn(dims));
        const Tensor plain = leaf(x.detach());
        const Tensor direction = torch::randn({dims[0], dims[1], 1, 1});
        (global_average_pool(x) * direction).sum().backward();
        (plain.mean({2, 3}, true) * direction).sum().backward();
        EXPECT_LT(distance(x.grad(), plain.grad()), 1e-6);
    }
}

/// Two transposed convolutions with a BatchNormalization between them, as in the head.
test::GraphCase head() {
    GraphBuilder b(5);
    const std::string x = b.input({2, 6, 3, 5});
    const auto doubled = [&](const std::string& from, std::int64_t in, std::int64_t out) {
        return b.add(Op::ConvTranspose, {from, b.parameter({in, out, 2, 2}), b.parameter({out})},
                     {{"strides", Dims{2, 2}}});
    };
    const std::string norm = b.add(Op::BatchNormalization,
                                   {doubled(x, 6, 4), b.parameter({4}, 0.5f, 1), b.parameter({4}),
                                    b.parameter({4}), b.parameter({4}, 0.5f, 1)});
    b.output(b.add(Op::Sigmoid, {doubled(b.add(Op::Relu, {norm}), 4, 1)}));
    return b.finish("head");
}

/// Output and gradients of the weights must be those of `truth(image, weights)`, the same function
/// by LibTorch's operators, where `weights` has a leaf for each.
template <typename Truth>
void expect_gradients_of(const test::GraphCase& graph_case, double output_tolerance,
                         double gradient_tolerance, Truth truth) {
    GraphModule module(graph_case.graph);
    const Tensor image = values_of(graph_case.inputs[0]);
    torch::manual_seed(6);
    const Tensor y = module.forward(image)[0];
    const Tensor direction = torch::randn(y.sizes());
    (y * direction).sum().backward();

    std::map<std::string, Tensor> weights;
    for (const auto& [name, weight] : module.weights()) weights[name] = leaf(weight);
    const Tensor expected = truth(image, weights);
    (expected * direction).sum().backward();
    EXPECT_LT(distance(y, expected), output_tolerance);
    for (const auto& [name, weight] : module.weights())
        EXPECT_LT(distance(weight.grad(), weights[name].grad()), gradient_tolerance) << name;
}

TEST(GraphModule, HeadsGradientsAreThoseOfTransposedConvolutions) {
    const test::GraphCase graph_case = head();
    const auto& nodes = graph_case.graph.nodes;
    expect_gradients_of(graph_case, 1e-5, 1e-4, [&](const Tensor& image, auto& weights) {
        const auto deconv = [&](const model::Node& node, const Tensor& x) {
            return at::conv_transpose2d(x, weights[node.inputs[1]], weights[node.inputs[2]], 2);
        };
        const model::Node& norm = nodes[1];
        const Tensor inner =
            at::batch_norm(deconv(nodes[0], image), weights[norm.inputs[1]],
                           weights[norm.inputs[2]], {}, {}, true, 0.1, 1e-5, false);
        return deconv(nodes[3], inner.relu()).sigmoid();
    });
}

/// Biases that nodes of their own add, as PaddleOCR's exported heads have them.
test::GraphCase biases() {
    GraphBuilder b(13);
    const std::string x = b.input({2, 6, 3, 5});
    const std::string map = b.add(
        Op::Add, {b.add(Op::Conv, {x, b.parameter({8, 6, 1, 1})}), b.parameter({1, 8, 1, 1})});
    const std::string doubled =
        b.add(Op::ConvTranspose, {b.add(Op::Relu, {map}), b.parameter({8, 4, 2, 2})},
              {{"strides", Dims{2, 2}}});
    b.output(b.add(Op::Sigmoid, {b.add(Op::Add, {b.parameter({1, 4, 1, 1}), doubled})}));
    return b.finish("biases");
}

TEST(GraphModule, BiasesOfTheirOwnHaveTheirGradients) {
    const test::GraphCase graph_case = biases();
    const auto& nodes = graph_case.graph.nodes;
    expect_gradients_of(graph_case, 1e-5, 1e-4, [&](const Tensor& image, auto& weights) {
        const Tensor map =
            at::conv2d(image, weights[nodes[0].inputs[1]]) + weights[nodes[1].inputs[1]];
        const Tensor doubled = at::conv_transpose2d(map.relu(), weights[nodes[3].inputs[1]], {}, 2);
        return (doubled + weights[nodes[4].inputs[0]]).sigmoid();
    });
}

/// Squeeze and excitation, with a residual as in PaddleOCR's RSEFPN.
test::GraphCase squeeze_and_excitation() {
    GraphBuilder b(11);
    const std::string x = b.input({2, 3, 6, 5});
    const std::string map = b.add(Op::Conv, {x, b.parameter({8, 3, 1, 1})});
    const std::string pooled = b.add(Op::GlobalAveragePool, {map});
    const std::string gate = b.add(
        Op::Sigmoid, {b.add(Op::Conv, {pooled, b.parameter({8, 8, 1, 1}), b.parameter({8})})});
    b.output(b.add(Op::Add, {map, b.add(Op::Mul, {map, gate})}));
    return b.finish("squeeze and excitation");
}

TEST(GraphModule, GatesGradientsAreThoseOfPlainOperators) {
    const test::GraphCase graph_case = squeeze_and_excitation();
    const auto& nodes = graph_case.graph.nodes;
    expect_gradients_of(graph_case, 1e-5, 1e-4, [&](const Tensor& image, auto& weights) {
        const Tensor map = at::conv2d(image, weights[nodes[0].inputs[1]]);
        const Tensor gate = at::conv2d(map.mean({2, 3}, true), weights[nodes[2].inputs[1]],
                                       weights[nodes[2].inputs[2]])
                                .sigmoid();
        return map + map * gate;
    });
}

/// The levels of a feature pyramid, added and concatenated.
test::GraphCase pyramid() {
    GraphBuilder b(8);
    const Dims pads(4, 1);
    const std::string fine = b.input({2, 4, 8, 12});
    const auto doubled = [&](const std::string& x) {
        return b.add(Op::Resize, {x, "", b.reals({1, 1, 2, 2})},
                     {{"mode", std::string("nearest")},
                      {"coordinate_transformation_mode", std::string("asymmetric")},
                      {"nearest_mode", std::string("floor")}});
    };
    const std::string coarse = b.add(Op::Conv, {fine, b.parameter({12, 4, 3, 3})},
                                     {{"strides", Dims{2, 2}}, {"pads", pads}});
    const std::string lateral = b.add(Op::Conv, {fine, b.parameter({12, 4, 1, 1})});
    const std::string merged = b.add(Op::Add, {doubled(coarse), lateral});
    const std::string smooth =
        b.add(Op::Conv, {merged, b.parameter({3, 12, 3, 3}), b.parameter({3})}, {{"pads", pads}});
    const std::string fused =
        b.add(Op::Concat, {doubled(coarse), smooth}, {{"axis", std::int64_t{1}}});
    b.output(b.add(Op::Conv, {fused, b.parameter({2, 15, 3, 3})}, {{"pads", pads}}));
    return b.finish("pyramid");
}

TEST(GraphModule, PyramidsGradientsAreThoseOfEnlargedLevels) {
    const test::GraphCase graph_case = pyramid();
    std::vector<const model::Node*> convs;
    for (const model::Node& node : graph_case.graph.nodes)
        if (node.op == Op::Conv) convs.push_back(&node);
    expect_gradients_of(graph_case, 1e-4, 1e-3, [&](const Tensor& image, auto& weights) {
        const auto weight = [&](std::size_t conv) { return weights.at(convs[conv]->inputs[1]); };
        const Tensor coarse = at::conv2d(image, weight(0), {}, 2, 1);
        const Tensor enlarged = at::upsample_nearest2d(coarse, {8, 12});
        const Tensor merged = enlarged + at::conv2d(image, weight(1));
        const Tensor smooth = at::conv2d(merged, weight(2), weights.at(convs[2]->inputs[2]), 1, 1);
        return at::conv2d(at::cat({enlarged, smooth}, 1), weight(3), {}, 1, 1);
    });
}

TEST(GraphModule, GivesAnyValueByName) {
    const test::GraphCase graph_case = head();
    const std::string map = graph_case.graph.outputs[0].name;
    GraphModule module(graph_case.graph);
    module.eval();
    const Tensor image = values_of(graph_case.inputs[0]);
    std::vector<std::string> names{map, logits_of(graph_case.graph, map).value};
    for (const model::Node& node : graph_case.graph.nodes) names.push_back(node.outputs[0]);
    const auto values = module.values(image, names);
    EXPECT_EQ(values[0].sizes(), (Dims{2, 1, 12, 20}));
    EXPECT_LT(distance(values[0], values[1].sigmoid()), 1e-6);
    EXPECT_EQ(values[3].sizes(), (Dims{2, 4, 6, 10}));
    EXPECT_THROW(module.values(image, {"no such value"}), Error);
}

TEST(GraphModule, FrozenPartsDoNotChange) {
    GraphModule module(model::build_network({.inner = 8}));
    module.freeze({"backbone."});
    const auto mean = module.statistics().at("backbone.bn1.running_mean").clone();
    torch::manual_seed(1);
    const auto maps = module.forward(torch::randn({2, 3, 32, 32}));
    (maps[0].sum() + maps[1].sum()).backward();
    EXPECT_FALSE(module.weights().at("backbone.conv1.weight").grad().defined());
    EXPECT_TRUE(module.weights().at("decoder.in5.weight").grad().defined());
    EXPECT_EQ(distance(mean, module.statistics().at("backbone.bn1.running_mean")), 0);
    EXPECT_GT(module.statistics().at("decoder.binarize.1.running_mean").abs().max().item<float>(),
              0);
    module.freeze({});
    EXPECT_TRUE(module.weights().at("backbone.conv1.weight").requires_grad());
}

TEST(GraphModule, WritesItsParametersBackIntoTheGraph) {
    const Graph graph = model::build_network({.inner = 8});
    GraphModule module(graph);
    EXPECT_TRUE(module.to_graph() == graph);
    {
        const torch::NoGradGuard no_gradient;
        Tensor(module.weights().at("backbone.conv1.weight")).mul_(2);
    }
    const Graph changed = module.to_graph();
    EXPECT_FALSE(changed == graph);
    GraphModule other(graph);
    other.load(changed);
    EXPECT_TRUE(other.to_graph() == changed);
    Graph incomplete = changed;
    incomplete.parameters.erase("backbone.conv1.weight");
    EXPECT_THROW(other.load(incomplete), Error);
}

TEST(GraphModule, TrainsInBf16CloseToF32) {
    const Graph graph = model::build_network({.inner = 16});
    torch::manual_seed(1);
    const Tensor image = torch::randn({2, 3, 64, 64});
    const Tensor direction = torch::randn({2, 1, 64, 64});
    std::vector<Tensor> gradients;
    for (const Precision precision : {Precision::f32, Precision::bf16}) {
        GraphModule module(graph, precision);
        const Tensor map = module.forward(image)[0];
        EXPECT_EQ(map.scalar_type(), torch::kFloat32);
        (map * direction).sum().backward();
        gradients.push_back(module.weights().at("decoder.binarize.0.weight").grad().flatten());
        EXPECT_EQ(gradients.back().scalar_type(), torch::kFloat32);
    }
    EXPECT_GT(at::cosine_similarity(gradients[0], gradients[1], 0).item<double>(), 0.95);
}

TEST(GraphModule, RefusesWithNodeAndOperator) {
    GraphBuilder b(1);
    const std::string x = b.input({1, 4, 4, 4});
    b.output(b.add(Op::Mul, {x, b.add(Op::ConstantOfShape, {b.integers({1, 4, 4, 4})})}));
    const Graph graph = b.finish("constant").graph;
    try {
        GraphModule module(graph);
        FAIL() << "an operator without a mapping was accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unsupported);
        EXPECT_THAT(error.what(), HasSubstr("ConstantOfShape"));
        EXPECT_THAT(error.what(), HasSubstr(graph.nodes[0].name));
    }
    EXPECT_THROW(GraphModule(head().graph, Precision::f16).forward(torch::zeros({2, 6, 3, 5})),
                 Error);
    EXPECT_THROW(GraphModule(head().graph).forward(torch::zeros({2, 7, 3, 5})), Error);
}

/// A convolution with all that can follow channel by channel, and an activation with a block.
test::GraphCase affine_layers() {
    GraphBuilder b(12);
    const std::string x = b.input({2, 3, 6, 5});
    std::string y = b.add(Op::Conv, {x, b.parameter({4, 3, 3, 3}), b.parameter({4})});
    y = b.add(Op::Add, {b.add(Op::Mul, {b.parameter({1}), y}), b.parameter({1})});
    y = b.add(Op::HardSwish, {b.add(Op::Mul, {y, b.parameter({4, 1, 1}, 0.5f, 1)})});
    y = b.add(Op::Add, {b.add(Op::Mul, {y, b.parameter({1})}), b.parameter({1})});
    y = b.add(Op::ConvTranspose, {y, b.parameter({4, 1, 2, 2})}, {{"strides", Dims{2, 2}}});
    b.output(b.add(Op::Add, {y, b.parameter({1, 1, 1, 1})}));
    return b.finish("affine layers");
}

TEST(GraphModule, AffineLayersHaveTheGradientsOfPlainOperators) {
    const test::GraphCase graph_case = affine_layers();
    const auto& n = graph_case.graph.nodes;
    expect_gradients_of(graph_case, 1e-4, 1e-3, [&](const Tensor& image, auto& w) {
        Tensor y = at::conv2d(image, w.at(n[0].inputs[1]), w.at(n[0].inputs[2]));
        y = w.at(n[1].inputs[0]) * y + w.at(n[2].inputs[1]);
        y = at::hardswish(y * w.at(n[3].inputs[1]));
        y = y * w.at(n[5].inputs[1]) + w.at(n[6].inputs[1]);
        return at::conv_transpose2d(y, w.at(n[7].inputs[1]), {}, 2) + w.at(n[8].inputs[1]);
    });
}

TEST(GraphModule, DetectorsOfOtherKindsAreComputedAndTrainedThroughout) {
    for (const Graph& graph : {test::lcnet_detector(), test::gelu_detector()}) {
        torch::manual_seed(2);
        const Tensor image = torch::randn({2, 3, 64, 96});
        GraphModule module(graph);
        const Tensor map = module.forward(image)[0];
        const engine::Backend& oracle = engine::reference_backend();
        engine::Buffer buffer = engine::Buffer::host(model::DataType::f32, image.sizes().vec());
        std::copy_n(image.data_ptr<float>(), image.numel(), buffer.f32().begin());
        const auto expected =
            oracle.run(*oracle.compile(graph), *oracle.create_context(1), {&buffer, 1});
        EXPECT_LT(distance(map, values_of(expected[0])), 1e-4);

        const Tensor direction = torch::randn(map.sizes());
        const auto loss = [&] { return (module.forward(image)[0] * direction).sum(); };
        loss().backward();
        for (const auto& [name, weight] : module.weights()) {
            ASSERT_TRUE(weight.grad().defined()) << name;
            const double norm = weight.grad().norm().item<double>();
            ASSERT_GT(norm, 0) << name;
            // Along the gradient the loss rises by its norm.
            const torch::NoGradGuard no_gradient;
            // Small, for the loss is bent, but not so small that its change drowns in rounding.
            const double size = std::max(weight.norm().item<double>(), 1e-3);
            const double length = std::min(5e-3 * size, 0.02 / norm);
            const Tensor step = weight.grad() * (length / norm);
            Tensor moved = weight;
            moved.add_(step);
            const double above = loss().item<double>();
            moved.sub_(2 * step);
            const double below = loss().item<double>();
            moved.add_(step);
            // The loss is known to about 1e-4, a sum of 12,000 rounded values.
            EXPECT_NEAR((above - below) / (2 * length), norm, 0.1 * norm + 1e-4 / (2 * length))
                << name;
        }
    }
}

TEST(TorchError, MemoryThatRanOutIsSaidSo) {
    try {
        torch::empty({std::int64_t{1} << 50});
        FAIL() << "a petabyte";
    } catch (const c10::Error& error) {
        EXPECT_TRUE(is_out_of_memory(error)) << error.what();
        try {
            fail_of(error, "a test");
        } catch (const Error& said) {
            EXPECT_EQ(said.code(), ErrorCode::internal);
            EXPECT_THAT(said.what(), HasSubstr("not enough memory for a test"));
        }
    }
    try {
        at::matmul(torch::zeros({2, 3}), torch::zeros({4, 5}));
        FAIL();
    } catch (const c10::Error& error) {
        EXPECT_FALSE(is_out_of_memory(error));
    }
}

TEST(Logits, AreFoundBehindTheSigmoid) {
    const Graph graph = model::build_network({.inner = 8});
    EXPECT_EQ(logits_of(graph, "probability").value, "decoder.binarize.6");
    EXPECT_EQ(logits_of(graph, "threshold").value, "decoder.thresh.6");
    EXPECT_FALSE(logits_of(graph, "threshold").is_probability);
    EXPECT_THROW(logits_of(graph, "decoder.in5"), Error);
}

TEST(Logits, AreComputedFromAMapThatIsEnlargedBehindTheSigmoid) {
    GraphBuilder b(13);
    const std::string x = b.input({1, 1, 2, 2});
    const std::string map = b.add(Op::Sigmoid, {b.add(Op::Mul, {x, b.parameter({1, 1, 2, 2})})});
    b.output(
        b.add(Op::Resize, {map, "", b.reals({1, 1, 2, 2})}, {{"mode", std::string("linear")}}));
    const Graph graph = b.finish("enlarged").graph;
    const LogitSource source = logits_of(graph, graph.outputs[0].name);
    EXPECT_TRUE(source.is_probability);
    GraphModule module(graph);
    for (const float value : {0.5f, 300.0f}) {  // 300: probabilities of exactly 0 and 1
        const Tensor image = torch::full({1, 1, 2, 2}, value);
        const Tensor logits = module.logits(image, {source})[0];
        EXPECT_TRUE(logits.isfinite().all().item<bool>());
        EXPECT_LT(distance(logits.sigmoid(), module.forward(image)[0]), 1e-5);
    }
    module.zero_grad();
    module.logits(torch::full({1, 1, 2, 2}, 0.5f), {source})[0].sum().backward();
    EXPECT_GT(module.weights().begin()->second.grad().abs().min().item<double>(), 0);
}

}  // namespace
}  // namespace dbnet::train
