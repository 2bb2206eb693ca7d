// The DB head (specification, 3.1): per branch a 3x3 convolution and two transposed convolutions
// back to the input's size.
#include "model/networks/network.hpp"

namespace dbnet::model {
namespace {

constexpr float kBatchNormBias = 1e-4f;

}  // namespace

std::string add_head_branch(NetworkBuilder& b, const std::string& branch, const std::string& x,
                            int inner) {
    const std::string layer = "decoder." + branch + ".";
    const int channels = inner / 4;
    std::string y = b.conv(layer + "0", x, {.out = channels, .kernel = 3});
    y = b.apply(Op::Relu, layer + "2", b.batch_norm(layer + "1", y, kBatchNormBias));
    y = b.deconv(layer + "3", y, channels);
    y = b.apply(Op::Relu, layer + "5", b.batch_norm(layer + "4", y, kBatchNormBias));
    return b.deconv(layer + "6", y, 1);
}

}  // namespace dbnet::model
