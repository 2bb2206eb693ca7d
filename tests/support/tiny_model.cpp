#include "support/tiny_model.hpp"

#include <algorithm>

#include "support/fill.hpp"

namespace dbnet::test {
namespace {

using model::Dims;
using model::Op;
using model::Tensor;

constexpr std::int64_t kInner = 8;  ///< channels of the pyramid

/// Adds layers; channel 0 of a layer is the brightness where `carry` says so.
class TinyBuilder {
public:
    TinyBuilder(model::Graph& graph, const std::string& salt) : graph_(graph), fill_(salt) {}

    struct Conv {
        std::int64_t in = 1;
        std::int64_t out = 1;
        std::int64_t kernel = 1;
        std::int64_t stride = 1;
        std::int64_t group = 1;
    };

    /// How output channel 0 of a layer depends on its input: the mean of the window over all
    /// channels, the centre of channel 0, nothing.
    enum class Carry { mean, centre, nothing };

    std::string conv(const std::string& name, const std::string& x, const Conv& conv, Carry carry) {
        const std::int64_t depth = conv.in / conv.group;
        auto weight = random(name + ".weight", conv.out * depth * conv.kernel * conv.kernel,
                             depth * conv.kernel * conv.kernel);
        const std::span<float> row(weight.data(),
                                   weight.size() / static_cast<std::size_t>(conv.out));
        std::ranges::fill(row, carry == Carry::mean ? 1.f / static_cast<float>(row.size()) : 0.f);
        if (carry == Carry::centre)
            row[static_cast<std::size_t>(conv.kernel * conv.kernel / 2)] = 1;
        add(name + ".weight", {conv.out, depth, conv.kernel, conv.kernel}, weight);
        const std::int64_t pad = conv.kernel / 2;
        return graph_.add(Op::Conv, name, {x, name + ".weight"},
                          {{"group", conv.group},
                           {"kernel_shape", Dims{conv.kernel, conv.kernel}},
                           {"pads", Dims{pad, pad, pad, pad}},
                           {"strides", Dims{conv.stride, conv.stride}}});
    }

    /// BatchNormalization, which leaves channel 0 alone, and an activation.
    std::string activate(const std::string& x, std::int64_t channels, Op op = Op::Relu) {
        const std::string name = x + ".bn";
        std::vector<std::string> inputs = {x};
        for (const auto& [role, fill, neutral] :
             {Statistic{"weight", "bn_w", 1}, Statistic{"bias", "bn_b", 0},
              Statistic{"running_mean", "bn_m", 0}, Statistic{"running_var", "bn_v", 1}}) {
            auto values = fill_.values(name + "." + role, fill, static_cast<std::size_t>(channels));
            values[0] = neutral;
            inputs.push_back(add(name + "." + role, {channels}, values));
        }
        return graph_.add(op, x + ".act", {graph_.add(Op::BatchNormalization, name, inputs)});
    }

    /// Transposed convolution 2x2, stride 2; channel 0 is `gain` times that of the input, and
    /// `noise` times random weights of the other channels.
    std::string deconv(const std::string& name, const std::string& x, std::int64_t out, float gain,
                       float noise, float bias) {
        auto weight = random(name + ".weight", kInner * out * 4, kInner);
        for (std::int64_t in = 0; in < kInner; ++in)
            for (std::int64_t tap = 0; tap < 4; ++tap) {
                float& value = weight[static_cast<std::size_t>(in * out * 4 + tap)];
                value = in == 0 ? gain : noise * value;
            }
        add(name + ".weight", {kInner, out, 2, 2}, weight);
        add(name + ".bias", {out}, std::vector<float>(static_cast<std::size_t>(out), bias));
        return graph_.add(Op::ConvTranspose, name, {x, name + ".weight", name + ".bias"},
                          {{"kernel_shape", Dims{2, 2}}, {"strides", Dims{2, 2}}});
    }

    std::string upsample(const std::string& x, float factor) {
        const std::string scales = add(x + ".scales", {4}, {1, 1, factor, factor});
        return graph_.add(Op::Resize, x + ".up", {x, "", scales},
                          {{"coordinate_transformation_mode", "asymmetric"},
                           {"mode", "nearest"},
                           {"nearest_mode", "floor"}});
    }

private:
    struct Statistic {
        const char* role;
        const char* fill;
        float neutral;
    };

    std::vector<float> random(const std::string& key, std::int64_t count, std::int64_t fan) {
        return fill_.values(key, "sqrt(3/" + std::to_string(fan) + ")",
                            static_cast<std::size_t>(count));
    }

    std::string add(const std::string& name, Dims dims, const std::vector<float>& values) {
        graph_.parameters[name] = Tensor::of(std::move(dims), values);
        return name;
    }

    model::Graph& graph_;
    Fill fill_;
};

using Carry = TinyBuilder::Carry;

/// A residual block that halves the extents: depthwise 3x3 and 1x1 beside a 1x1 of stride 2.
std::string residual_block(model::Graph& graph, TinyBuilder& build, const std::string& name,
                           const std::string& x, std::int64_t in, std::int64_t out) {
    const std::string deep = build.activate(
        build.conv(name + ".depth", x, {in, in, 3, 2, in}, Carry::nothing), in, Op::HardSwish);
    const std::string wide = build.conv(name + ".point", deep, {in, out}, Carry::nothing);
    const std::string skip = build.conv(name + ".skip", x, {in, out, 1, 2}, Carry::centre);
    return build.activate(graph.add(Op::Add, name, {wide, skip}), out);
}

/// p2, the pyramid's finest level, comes first and brings the brightness.
std::string pyramid(model::Graph& graph, TinyBuilder& build, const std::string& c2,
                    const std::string& c3, const std::string& c4) {
    const std::string p4 = build.conv("in4", c4, {32, kInner}, Carry::nothing);
    const std::string in3 = build.conv("in3", c3, {24, kInner}, Carry::nothing);
    const std::string p3 = graph.add(Op::Add, "p3", {in3, build.upsample(p4, 2)});
    const std::string in2 = build.conv("in2", c2, {16, kInner}, Carry::centre);
    const std::string p2 = graph.add(Op::Add, "p2", {in2, build.upsample(p3, 2)});
    const std::string coarse = build.conv("out3", p3, {kInner, kInner, 3}, Carry::nothing);
    return graph.add(Op::Concat, "fuse", {p2, build.upsample(coarse, 2)},
                     {{"axis", std::int64_t{1}}});
}

}  // namespace

model::Graph tiny_model(const std::string& salt) {
    model::Graph graph;
    graph.name = "tiny";
    graph.inputs = {{"image", model::DataType::f32, {-1, 3, -1, -1}}};
    graph.outputs = {{"probability", model::DataType::f32, {-1, 1, -1, -1}}};
    graph.metadata = {{"dbnet.color_order", "RGB"},
                      {"dbnet.mean", "0.485,0.456,0.406"},
                      {"dbnet.std", "0.229,0.224,0.225"},
                      {"dbnet.size", "max:960"}};
    TinyBuilder build(graph, salt);
    const std::string stem =
        build.activate(build.conv("stem", "image", {3, 8, 3, 2}, Carry::mean), 8);
    const std::string c2 =
        build.activate(build.conv("conv2", stem, {8, 16, 3, 2}, Carry::centre), 16);
    const std::string c3 = residual_block(graph, build, "block3", c2, 16, 24);
    const std::string c4 = residual_block(graph, build, "block4", c3, 24, 32);
    const std::string fused = pyramid(graph, build, c2, c3, c4);
    const std::string head =
        build.activate(build.conv("head", fused, {2 * kInner, kInner, 3}, Carry::centre), kInner);
    const std::string half = build.activate(build.deconv("up1", head, kInner, 1, 0, 0), kInner);
    const std::string logits = build.deconv("up2", half, 1, 6, 0.02f, -5);
    graph.add(Op::Sigmoid, "probability", {logits});
    return graph;
}

}  // namespace dbnet::test
