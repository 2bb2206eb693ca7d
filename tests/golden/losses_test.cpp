// Values and gradients of the losses against the reference implementation.
#include <gtest/gtest.h>

#include <filesystem>

#include "support/golden.hpp"
#include "train/losses.hpp"

namespace dbnet::test {
namespace {

using torch::Tensor;
using train::Losses;
using train::LossTargets;

Tensor load(const std::string& path) {
    const NpyArray array = read_npy(path);
    Tensor tensor = torch::from_blob(const_cast<float*>(array.values.data()), array.shape).clone();
    return tensor.dim() == 3 ? tensor.unsqueeze(1) : tensor;
}

void expect_gradient(const Tensor& actual, const std::string& path) {
    const Tensor expected = load(path);
    const Tensor gradient = actual.defined() ? actual : torch::zeros_like(expected);
    const double scale = expected.abs().max().item<double>();
    const double worst = (gradient - expected).abs().max().item<double>();
    EXPECT_LE(worst, 1e-4 * scale + 1e-12) << path;
}

struct Case {
    std::string folder;
    LossTargets targets;
    Tensor probability, threshold, binary;
    nlohmann::json values;
};

Case read_case(const std::string& folder) {
    Case c{folder, {}, {}, {}, {}, read_json(folder + "/case.json")};
    c.targets = {load(folder + "/gt.npy"), load(folder + "/mask.npy"),
                 load(folder + "/thresh_map.npy"), load(folder + "/thresh_mask.npy")};
    c.probability = load(folder + "/pred_prob.npy").requires_grad_();
    c.threshold = load(folder + "/pred_thresh.npy").requires_grad_();
    c.binary = load(folder + "/pred_binary.npy").requires_grad_();
    return c;
}

void expect_value(const Tensor& actual, const nlohmann::json& expected, const char* name) {
    const double wanted = expected["values_f32"][name];
    EXPECT_NEAR(actual.item<double>(), wanted, 1e-5 * std::max(1.0, std::abs(wanted))) << name;
}

Tensor gradient(const Tensor& loss, const Tensor& input) {
    if (!loss.requires_grad()) return {};
    return torch::autograd::grad({loss}, {input}, {}, true, false, true)[0];
}

void expect_case(const Case& c) {
    const Losses losses =
        train::losses_of_maps(c.probability, c.threshold, c.binary, c.targets, {});
    expect_value(losses.probability, c.values, "bce");
    expect_value(losses.threshold, c.values, "l1");
    expect_value(losses.binary, c.values, "dice");
    expect_value(losses.total, c.values, "total");
    expect_gradient(gradient(losses.total, c.probability), c.folder + "/grad_prob.npy");
    expect_gradient(gradient(losses.total, c.threshold), c.folder + "/grad_thresh.npy");
    expect_gradient(gradient(losses.total, c.binary), c.folder + "/grad_binary.npy");
    expect_gradient(gradient(losses.probability, c.probability), c.folder + "/grad_bce_only.npy");

    const Tensor dice =
        train::dice_loss(c.probability, c.targets.probability, c.targets.probability_mask);
    expect_value(dice, c.values, "dice_prob");
    expect_gradient(gradient(dice, c.probability), c.folder + "/grad_dice_prob.npy");

    const Tensor chained_binary = 1 / (1 + torch::exp(-50 * (c.probability - c.threshold)));
    const Losses chained =
        losses_of_maps(c.probability, c.threshold, chained_binary, c.targets, {});
    expect_value(chained.total, c.values, "total_chained");
    expect_gradient(gradient(chained.total, c.probability), c.folder + "/grad_chained_prob.npy");
    expect_gradient(gradient(chained.total, c.threshold), c.folder + "/grad_chained_thresh.npy");

    const Losses alone = train::losses_of_maps(c.probability, {}, {}, c.targets, {});
    expect_value(alone.total, c.values, "total_without_thresh");
}

TEST(GoldenLosses, ValuesAndGradients) {
    const std::string section = golden_section("losses");
    DBNET_REQUIRE_GOLDEN(section);
    int cases = 0;
    for (const auto& entry : std::filesystem::directory_iterator(section)) {
        SCOPED_TRACE(entry.path().filename());
        expect_case(read_case(entry.path()));
        ++cases;
    }
    report_golden("losses", cases);
}

}  // namespace
}  // namespace dbnet::test
