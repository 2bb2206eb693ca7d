#include "support/ppocr_models.hpp"

#include <cmath>

#include "support/graph_builder.hpp"

namespace dbnet::test {
namespace {

using model::Dims;
using model::Op;

enum class Style { lcnet, gelu };

class Detector {
public:
    explicit Detector(Style style) : style_(style), b_(style == Style::lcnet ? 4u : 6u) {}

    model::Graph build() {
        const std::string x = b_.input({1, 3, 64, 64});
        const std::string quarter = style_ == Style::lcnet ? lcnet_stem(x) : gelu_stem(x);
        const std::string eighth = block(quarter, 8, 12, 2);
        const std::string sixteenth = block(eighth, 12, 16, 2);
        const std::string neck = pyramid({quarter, eighth, sixteenth}, {8, 12, 16});
        b_.output(head(neck));
        model::Graph graph = b_.finish("detector").graph;
        graph.inputs[0].dims = {-1, 3, -1, -1};
        graph.outputs[0].dims = {-1, 1, -1, -1};
        return graph;
    }

private:
    std::string weights(const Dims& dims) {
        std::int64_t fan = 1;
        for (std::size_t i = 1; i < dims.size(); ++i) fan *= dims[i];
        const float limit = std::sqrt(3.0f / static_cast<float>(fan));
        return b_.parameter(dims, -limit, limit);
    }

    std::string passed(const std::string& x) {
        return style_ == Style::gelu ? b_.add(Op::Identity, {x}) : x;
    }

    std::string biased(const std::string& x, std::int64_t channels, float low = -0.1f) {
        const std::string bias =
            style_ == Style::lcnet ? b_.add(Op::Reshape, {b_.parameter({channels}, low, low + 0.2f),
                                                          b_.integers({1, -1, 1, 1})})
                                   : b_.parameter({1, channels, 1, 1}, low, low + 0.2f);
        return passed(b_.add(Op::Add, {passed(x), bias}));
    }

    std::string bare_conv(const std::string& x, const Dims& kernel, std::int64_t stride = 1) {
        const std::int64_t pad = kernel[2] / 2;
        const std::int64_t group = kernel[1] == 1 && kernel[0] > 1 ? kernel[0] : 1;
        return b_.add(
            Op::Conv, {x, weights(kernel)},
            {{"strides", Dims{stride, stride}}, {"pads", Dims(4, pad)}, {"group", group}});
    }

    std::string conv(const std::string& x, const Dims& kernel, std::int64_t stride = 1) {
        return biased(bare_conv(x, kernel, stride), kernel[0]);
    }

    std::string affine(const std::string& x, float factor, float offset) {
        const std::string a = b_.parameter({1}, factor, factor);
        return b_.add(Op::Add, {b_.add(Op::Mul, {a, x}), b_.parameter({1}, offset, offset)});
    }

    std::string scalar(float value) { return b_.parameter({}, value, value); }

    std::string hard_swish(const std::string& x) {
        const std::string clipped =
            b_.add(Op::Clip, {b_.add(Op::Add, {x, scalar(3)}), scalar(0), scalar(6)});
        return b_.add(Op::Div, {b_.add(Op::Mul, {x, clipped}), scalar(6)});
    }

    std::string gelu(const std::string& x) {
        const std::string erf =
            b_.add(Op::Erf, {b_.add(Op::Div, {x, scalar(1.4142135381698608f)})});
        const std::string product = b_.add(Op::Mul, {x, b_.add(Op::Add, {erf, scalar(1)})});
        return passed(b_.add(Op::Mul, {product, scalar(0.5f)}));
    }

    std::string gate(const std::string& x, std::int64_t channels, float alpha) {
        const std::string mean = style_ == Style::gelu
                                     ? b_.add(Op::ReduceMean, {x, b_.integers({2, 3})})
                                     : b_.add(Op::GlobalAveragePool, {x});
        // No unit that is always off.
        const std::string less =
            b_.add(Op::Relu, {biased(bare_conv(mean, {4, channels, 1, 1}), 4, 1)});
        const std::string more = conv(less, {channels, 4, 1, 1});
        return b_.add(Op::HardSigmoid, {more}, {{"alpha", alpha}, {"beta", 0.5f}});
    }

    std::string lcnet_stem(const std::string& x) {
        const std::string first = conv(x, {8, 3, 3, 3}, 2);
        // As small as in PP-OCRv5: the kernel behind it makes up for it.
        const std::string small = affine(hard_swish(affine(first, 1.2f, 0.4f)), 0.005f, 0.0002f);
        const std::string large =
            b_.add(Op::Conv, {small, b_.parameter({8, 1, 3, 3}, -90, 90)},
                   {{"strides", Dims{2, 2}}, {"pads", Dims(4, 1)}, {"group", std::int64_t{8}}});
        return affine(biased(large, 8), 0.9f, 0.1f);
    }

    std::string gelu_stem(const std::string& x) {
        const auto even = [&](const std::string& from, const Dims& kernel) {
            const std::string y = b_.add(Op::Conv, {from, weights(kernel)},
                                         {{"auto_pad", std::string("SAME_UPPER")}});
            return b_.add(Op::Relu, {biased(y, kernel[0])});
        };
        const std::string first = b_.add(Op::Relu, {conv(x, {8, 3, 3, 3}, 2)});
        const std::string deep = even(even(first, {4, 8, 2, 2}), {8, 4, 2, 2});
        const std::string pooled = b_.add(Op::MaxPool, {first},
                                          {{"kernel_shape", Dims{2, 2}},
                                           {"strides", Dims{1, 1}},
                                           {"auto_pad", std::string("SAME_UPPER")}});
        const std::string both = b_.add(Op::Concat, {pooled, deep}, {{"axis", std::int64_t{1}}});
        return b_.add(Op::Relu, {conv(both, {8, 16, 3, 3}, 2)});
    }

    /// A depthwise convolution and a pointwise one, as each style has them.
    std::string block(const std::string& x, std::int64_t in, std::int64_t out,
                      std::int64_t stride) {
        const std::string depth = conv(x, {in, 1, 3, 3}, stride);
        if (style_ == Style::gelu) {
            const std::string gated = b_.add(Op::Mul, {depth, gate(depth, in, 1.0f / 6)});
            return conv(gelu(conv(gated, {2 * in, in, 1, 1})), {out, 2 * in, 1, 1});
        }
        const std::string scaled = affine(depth, 0.9f, -0.05f);
        const std::string gated = b_.add(Op::Mul, {scaled, gate(scaled, in, 1.0f / 6)});
        const std::string wide = affine(conv(gated, {out, in, 1, 1}), 1.9f, 0.3f);
        return affine(b_.add(Op::HardSwish, {wide}), 0.7f, -0.2f);
    }

    std::string enlarged(const std::string& x, float factor) {
        return b_.add(Op::Resize, {x, "", b_.reals({1, 1, factor, factor})},
                      {{"mode", std::string("nearest")},
                       {"coordinate_transformation_mode", std::string("asymmetric")},
                       {"nearest_mode", std::string("floor")}});
    }

    std::string excited(const std::string& x, std::int64_t channels) {
        return b_.add(Op::Add, {x, b_.add(Op::Mul, {x, gate(x, channels, 0.2f)})});
    }

    std::string pyramid(const std::vector<std::string>& levels,
                        const std::vector<std::int64_t>& channels) {
        constexpr std::int64_t kInner = 12;
        std::vector<std::string> merged;
        for (std::size_t i = levels.size(); i-- > 0;) {
            const std::string level =
                excited(bare_conv(levels[i], {kInner, channels[i], 1, 1}), kInner);
            merged.push_back(merged.empty() ? level
                                            : b_.add(Op::Add, {level, enlarged(merged.back(), 2)}));
        }
        std::vector<std::string> parts;
        for (std::size_t i = 0; i < merged.size(); ++i) {
            const std::string wide =
                style_ == Style::gelu ? conv(merged[i], {kInner, 1, 5, 5}) : merged[i];
            const std::int64_t side = style_ == Style::gelu ? 1 : 3;
            const std::string part = excited(bare_conv(wide, {4, kInner, side, side}), 4);
            const int times = static_cast<int>(merged.size() - 1 - i);
            parts.push_back(times > 0 ? enlarged(part, static_cast<float>(1 << times)) : part);
        }
        return b_.add(Op::Concat, parts, {{"axis", std::int64_t{1}}});
    }

    std::string head(const std::string& x) {
        const auto deconv = [&](const std::string& from, std::int64_t in, std::int64_t out) {
            const std::string y = b_.add(Op::ConvTranspose, {from, weights({in, out, 2, 2})},
                                         {{"strides", Dims{2, 2}}});
            return biased(y, out);
        };
        const std::string first = b_.add(Op::Relu, {conv(x, {6, 12, 3, 3})});
        return b_.add(Op::Sigmoid, {deconv(b_.add(Op::Relu, {deconv(first, 6, 6)}), 6, 1)});
    }

    Style style_;
    GraphBuilder b_;
};

}  // namespace

model::Graph lcnet_detector() { return Detector(Style::lcnet).build(); }
model::Graph gelu_detector() { return Detector(Style::gelu).build(); }

}  // namespace dbnet::test
