// MobileNetV3-Large in the form of MhLiao's code (specification, 1.5): squeeze-and-excitation
// stands between the depthwise BatchNormalization and the activation, its two layers have no bias
// and a reduction of 4. The linear layers are held as 1x1 convolutions, which are the same
// function; only the shape of the weights has two more axes of 1.
#include <algorithm>
#include <array>
#include <cmath>

#include "model/networks/network.hpp"

namespace dbnet::model {
namespace {

struct Block {
    int kernel;
    int expand;
    int out;
    bool squeeze;
    bool hard_swish;
    int stride;
};

constexpr std::array<Block, 15> kBlocks{{
    {3, 16, 16, false, false, 1},
    {3, 64, 24, false, false, 2},
    {3, 72, 24, false, false, 1},
    {5, 72, 40, true, false, 2},
    {5, 120, 40, true, false, 1},
    {5, 120, 40, true, false, 1},
    {3, 240, 80, false, true, 2},
    {3, 200, 80, false, true, 1},
    {3, 184, 80, false, true, 1},
    {3, 184, 80, false, true, 1},
    {3, 480, 112, true, true, 1},
    {3, 672, 112, true, true, 1},
    {5, 672, 160, true, true, 2},
    {5, 960, 160, true, true, 1},
    {5, 960, 160, true, true, 1},
}};
constexpr int kStem = 16;
constexpr int kTail = 960;

/// Channels at a width: PaddleOCR's rounding to multiples of 8, never below 90 % of the exact
/// number.
int scaled(int channels, double width) {
    const double exact = channels * width;
    const int rounded = std::max(8, static_cast<int>(exact + 4) / 8 * 8);
    return rounded < 0.9 * exact ? rounded + 8 : rounded;
}

NetworkBuilder::Conv conv(int out, int kernel, int stride, int groups = 1) {
    return {.out = out,
            .kernel = kernel,
            .stride = stride,
            .groups = groups,
            .gain = std::sqrt(2.0f / static_cast<float>(kernel * kernel * out))};
}

std::string activate(NetworkBuilder& b, const std::string& node, const std::string& x,
                     bool hard_swish) {
    return b.apply(hard_swish ? Op::HardSwish : Op::Relu, node, x);
}

std::string squeeze_excite(NetworkBuilder& b, const std::string& name, const std::string& x) {
    const int channels = b.channels(x);
    std::string s = b.apply(Op::GlobalAveragePool, name + ".pool", x);
    s = b.conv(name + ".fc.0", s, {.out = channels / 4});
    s = b.conv(name + ".fc.2", b.apply(Op::Relu, name + ".fc.1", s), {.out = channels});
    s = b.apply(Op::HardSigmoid, name + ".fc.3", s, {{"alpha", 1.0f / 6}, {"beta", 0.5f}});
    return b.combine(Op::Mul, name, x, s);
}

std::string inverted_residual(NetworkBuilder& b, const std::string& name, const std::string& x,
                              const Block& block) {
    const std::string c = name + ".conv.";
    std::string y = b.batch_norm(c + "1", b.conv(c + "0", x, conv(block.expand, 1, 1)));
    y = activate(b, c + "2", y, block.hard_swish);
    y = b.conv(c + "3", y, conv(block.expand, block.kernel, block.stride, block.expand));
    y = b.batch_norm(c + "4", y);
    if (block.squeeze) y = squeeze_excite(b, c + "5", y);
    y = activate(b, c + "6", y, block.hard_swish);
    y = b.batch_norm(c + "8", b.conv(c + "7", y, conv(block.out, 1, 1)));
    const bool residual = block.stride == 1 && b.channels(x) == block.out;
    return residual ? b.combine(Op::Add, name, x, y) : y;
}

}  // namespace

Features add_mobilenet_v3_large(NetworkBuilder& b, const std::string& x, double width) {
    const std::string features = "backbone.features.";
    std::string y = b.conv(features + "0.0", x, conv(scaled(kStem, width), 3, 2));
    y = activate(b, features + "0.2", b.batch_norm(features + "0.1", y), true);
    std::vector<std::string> values{y};
    for (std::size_t i = 0; i < kBlocks.size(); ++i) {
        Block block = kBlocks[i];
        block.expand = scaled(block.expand, width);
        block.out = scaled(block.out, width);
        values.push_back(
            inverted_residual(b, features + std::to_string(i + 1), values.back(), block));
    }
    y = b.conv(features + "16.0", values.back(), conv(scaled(kTail, width), 1, 1));
    y = activate(b, features + "16.2", b.batch_norm(features + "16.1", y), true);
    return {values[3], values[6], values[12], y};
}

}  // namespace dbnet::model
