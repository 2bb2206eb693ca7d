// GraphModule against the reference implementation: forward maps of the networks that are built
// here, and training runs of three steps (losses, gradients, parameters). Third parties' detectors
// against the oracle.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "engine/backend.hpp"
#include "model/onnx.hpp"
#include "support/fill.hpp"
#include "support/golden.hpp"
#include "support/golden_networks.hpp"
#include "train/affine_blocks.hpp"
#include "train/graph_module.hpp"
#include "train/losses.hpp"

namespace dbnet::test {
namespace {

using torch::Tensor;

Tensor tensor_of(const std::vector<std::int64_t>& shape, const std::vector<float>& values) {
    return torch::tensor(values).reshape(shape);
}

Tensor read_tensor(const std::string& path) {
    const NpyArray array = read_npy(path);
    return tensor_of(array.shape, array.values);
}

double distance(const Tensor& a, const Tensor& b) {
    return a.sizes() == b.sizes() ? (a - b).abs().max().item<double>() : INFINITY;
}

Tensor filled(const std::string& salt, const std::string& key,
              const std::vector<std::int64_t>& shape) {
    const auto count = static_cast<std::size_t>(model::element_count(shape));
    return tensor_of(shape, Fill(salt).values(key, "1.5", count));
}

TEST(GoldenTraining, ForwardMaps) {
    const std::string section = golden_section("networks");
    DBNET_REQUIRE_GOLDEN(section);
    int cases = 0;
    for (const GoldenNetwork& network : golden_networks(section)) {
        SCOPED_TRACE(network.name);
        train::GraphModule module(network.graph);
        module.eval();
        const torch::NoGradGuard no_gradient;
        for (const auto& item : network.info["cases"]) {
            const std::string tag = item["tag"];
            SCOPED_TRACE(tag);
            const auto maps =
                module.forward(filled(network.info["salt"], "input:" + tag, item["input_shape"]));
            const char* names[] = {"prob", "thresh", "binary"};
            for (std::size_t i = 0; i < 3; ++i)
                EXPECT_LT(distance(maps[i], read_tensor(network.folder + "/" + tag + "_" +
                                                        names[i] + ".npy")),
                          1e-4)
                    << names[i];
        }
        ++cases;
    }
    report_golden("networks (GraphModule)", cases);
}

/// The recorded norm and samples of each named tensor. `get` gives the tensor, undefined where the
/// network has none of that name.
template <typename Get>
void expect_tensors(const nlohmann::json& expected, const Get& get, double tolerance) {
    int compared = 0;
    for (const auto& [name, entry] : expected.items()) {
        SCOPED_TRACE(name);
        const Tensor tensor = get(name);
        if (!tensor.defined()) continue;
        const double norm = entry["norm"];
        EXPECT_NEAR(tensor.norm().template item<double>(), norm, tolerance * (norm + 1e-3));
        const Tensor flat = tensor.detach().flatten();
        // A sample may be far smaller than the typical element, and gradients that vanish, as those
        // of a bias in front of a normalisation, are rounding errors.
        const double typical = norm / std::sqrt(static_cast<double>(flat.numel()));
        for (std::size_t i = 0; i < entry["sample"].size(); ++i) {
            const double sample = entry["sample"][i];
            EXPECT_NEAR(
                flat[entry["sample_index"][i].template get<std::int64_t>()].template item<double>(),
                sample, tolerance * (std::abs(sample) + 10 * typical) + 1e-7);
        }
        ++compared;
    }
    EXPECT_GT(compared, 0);
}

/// Torch's SGD, written out.
class Sgd {
public:
    explicit Sgd(const nlohmann::json& settings)
        : rate_(settings["lr"]),
          momentum_(settings["momentum"]),
          decay_(settings["weight_decay"]) {}

    void step(const std::map<std::string, Tensor>& weights) {
        const torch::NoGradGuard no_gradient;
        for (auto [name, weight] : weights) {
            if (!weight.grad().defined()) continue;
            const Tensor gradient = weight.grad() + decay_ * weight;
            Tensor& velocity = velocities_[name];
            velocity = velocity.defined() ? momentum_ * velocity + gradient : gradient;
            weight -= rate_ * velocity;
        }
    }

private:
    double rate_;
    double momentum_;
    double decay_;
    std::map<std::string, Tensor> velocities_;
};

train::LossTargets read_targets(const std::string& folder) {
    const auto map = [&](const std::string& name) {
        Tensor tensor = read_tensor(folder + "/" + name + ".npy");
        return tensor.dim() == 3 ? tensor.unsqueeze(1) : tensor;
    };
    return {map("gt"), map("mask"), map("thresh_map"), map("thresh_mask")};
}

void follow(const std::string& folder, const GoldenNetwork& network) {
    const nlohmann::json info = read_json(folder + "/info.json");
    const train::LossTargets targets = read_targets(folder);
    const Tensor image = filled(network.info["salt"], "input:train", info["input_shape"]);
    train::GraphModule module(network.graph);
    Sgd optimiser(info["optimizer"]);
    const auto state = [&](const std::string& name) {
        for (const auto* values : {&module.weights(), &module.statistics()})
            if (values->contains(name)) return values->at(name);
        return Tensor();
    };
    for (std::size_t step = 0; step < info["steps"].size(); ++step) {
        SCOPED_TRACE("step " + std::to_string(step));
        const nlohmann::json& expected = info["steps"][step];
        const auto maps = module.forward(image);
        const train::Losses losses = train::losses_of_maps(maps[0], maps[1], maps[2], targets, {});
        module.zero_grad();
        losses.total.backward();
        const auto near = [](const Tensor& loss, double value) {
            EXPECT_NEAR(loss.item<double>(), value, 1e-4 * value);
        };
        near(losses.total, expected["loss"]);
        near(losses.probability, expected["bce"]);
        near(losses.threshold, expected["l1"]);
        near(losses.binary, expected["dice"]);
        if (expected.contains("grads")) {
            EXPECT_LT(distance(maps[0], read_tensor(folder + "/step0_prob.npy")), 1e-4);
            EXPECT_LT(distance(maps[1], read_tensor(folder + "/step0_thresh.npy")), 1e-4);
            const auto gradient = [&](const std::string& name) {
                const Tensor weight = state(name);
                return weight.defined() ? weight.grad() : Tensor();
            };
            expect_tensors(expected["grads"], gradient, 1e-3);
        }
        optimiser.step(module.weights());
        if (expected.contains("after")) expect_tensors(expected["after"], state, 1e-3);
    }
}

TEST(GoldenTraining, ThreeSteps) {
    const std::string section = golden_section("networks");
    DBNET_REQUIRE_GOLDEN(section);
    int cases = 0;
    for (const GoldenNetwork& network : golden_networks(section)) {
        const std::string folder = network.folder + "_train";
        if (!std::filesystem::is_directory(folder)) continue;
        SCOPED_TRACE(folder);
        follow(folder, network);
        ++cases;
    }
    report_golden("networks, training", cases);
}

/// The graph's outputs by the oracle.
std::vector<Tensor> reference_outputs(const model::Graph& graph, const Tensor& image) {
    const engine::Backend& oracle = engine::reference_backend();
    const engine::Buffer input = engine::Buffer::host(model::DataType::f32, image.sizes().vec());
    std::copy_n(image.data_ptr<float>(), image.numel(), input.f32().data());
    const auto executable = oracle.compile(graph);
    const auto context = oracle.create_context(1);
    std::vector<Tensor> outputs;
    for (const engine::Buffer& output : oracle.run(*executable, *context, std::span(&input, 1)))
        outputs.push_back(torch::from_blob(output.data(), output.dims()).clone());
    return outputs;
}

/// Cross-entropy of the probability map against a square of text.
Tensor square_loss(train::GraphModule& module, const Tensor& image) {
    const Tensor map = module.forward(image)[0].slice(1, 0, 1).clamp(1e-6, 1 - 1e-6);
    Tensor target = torch::zeros_like(map);
    target.slice(2, 16, 48).slice(3, 16, 48).fill_(1);
    return torch::binary_cross_entropy(map, target);
}

void expect_learns(train::GraphModule& module, const Tensor& image) {
    std::vector<Tensor> weights;
    for (const auto& [name, weight] : module.weights()) weights.push_back(weight);
    torch::optim::Adam optimiser(weights, 1e-4);
    module.train();
    const double before = square_loss(module, image).item<double>();
    for (int step = 0; step < 12; ++step) {
        optimiser.zero_grad();
        square_loss(module, image).backward();
        optimiser.step();
    }
    EXPECT_LT(square_loss(module, image).item<double>(), before);
}

TEST(GoldenTraining, ForeignDetectors) {
    if (environment("DBNET_MODELS").empty()) GTEST_SKIP() << "DBNET_MODELS is not set";
    torch::manual_seed(1);
    const Tensor image = torch::randn({2, 3, 64, 96});
    int cases = 0;
    for (const std::string& path : all_models()) {
        SCOPED_TRACE(path);
        model::Graph graph = model::read_onnx(path);
        train::balance_affine_blocks(graph);  // as a run begins
        train::GraphModule module(std::move(graph));
        module.eval();
        {
            const torch::NoGradGuard no_gradient;
            const auto maps = module.forward(image);
            const auto expected = reference_outputs(module.graph(), image);
            ASSERT_EQ(maps.size(), expected.size());
            for (std::size_t i = 0; i < maps.size(); ++i)
                EXPECT_LT(distance(maps[i], expected[i]), 1e-4);
        }
        expect_learns(module, image);
        module.set_precision(train::Precision::bf16);
        expect_learns(module, image);
        ++cases;
    }
    report_golden("models (GraphModule)", cases);
}

}  // namespace
}  // namespace dbnet::test
