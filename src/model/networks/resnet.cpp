// ResNet-18 (specification, 1.1): 7x7 stem, max pooling, four stages of two basic blocks; the
// stride sits on the first 3x3.
#include <cmath>

#include "model/networks/network.hpp"

namespace dbnet::model {
namespace {

/// He's initialisation over the outputs, as MhLiao's backbones are drawn.
NetworkBuilder::Conv conv(int out, int kernel, int stride) {
    return {.out = out,
            .kernel = kernel,
            .stride = stride,
            .gain = std::sqrt(2.0f / static_cast<float>(kernel * kernel * out))};
}

std::string basic_block(NetworkBuilder& b, const std::string& name, const std::string& x, int out,
                        int stride) {
    std::string y = b.conv(name + ".conv1", x, conv(out, 3, stride));
    y = b.apply(Op::Relu, name + ".relu1", b.batch_norm(name + ".bn1", y));
    y = b.conv(name + ".conv2", y, conv(out, 3, 1));
    y = b.batch_norm(name + ".bn2", y);
    std::string shortcut = x;
    if (stride != 1 || b.channels(x) != out) {
        shortcut = b.conv(name + ".downsample.0", x, conv(out, 1, stride));
        shortcut = b.batch_norm(name + ".downsample.1", shortcut);
    }
    return b.apply(Op::Relu, name, b.combine(Op::Add, name + ".add", y, shortcut));
}

}  // namespace

Features add_resnet18(NetworkBuilder& b, const std::string& x) {
    std::string y = b.conv("backbone.conv1", x, conv(64, 7, 2));
    y = b.apply(Op::Relu, "backbone.relu", b.batch_norm("backbone.bn1", y));
    y = b.max_pool("backbone.maxpool", y);
    Features features;
    for (int stage = 1; stage <= 4; ++stage) {
        const std::string layer = "backbone.layer" + std::to_string(stage);
        const int out = 32 << stage;
        y = basic_block(b, layer + ".0", y, out, stage == 1 ? 1 : 2);
        y = basic_block(b, layer + ".1", y, out, 1);
        features.push_back(y);
    }
    return features;
}

}  // namespace dbnet::model
