#include "model/networks/builder.hpp"

#include <cmath>
#include <utility>

#include "core/random.hpp"

namespace dbnet::model {
namespace {

using Ints = std::vector<std::int64_t>;

float kaiming_std(int fan_in) { return std::sqrt(2.0f / static_cast<float>(fan_in)); }

}  // namespace

std::string NetworkBuilder::value(const std::string& name, int channels) {
    channels_[name] = channels;
    return name;
}

std::string NetworkBuilder::parameter(const std::string& name, Dims dims, Initial initial) {
    std::vector<float> values(static_cast<std::size_t>(element_count(dims)), initial.constant);
    if (initial.std > 0) {
        core::Random random(seed_, name);
        for (float& x : values) x = initial.std * random.normal();
    }
    graph_.parameters.emplace(name, Tensor::of(std::move(dims), values));
    return name;
}

std::string NetworkBuilder::input(const std::string& name, int channels) {
    graph_.inputs.push_back({name, DataType::f32, {-1, channels, -1, -1}});
    return value(name, channels);
}

std::string NetworkBuilder::existing(const std::string& name, int channels) {
    return value(name, channels);
}

void NetworkBuilder::output(const std::string& name) {
    graph_.outputs.push_back({name, DataType::f32, {-1, channels(name), -1, -1}});
}

std::string NetworkBuilder::conv(const std::string& layer, const std::string& x,
                                 const Conv& options) {
    const int in = channels(x) / options.groups;
    const int k = options.kernel;
    const float std = options.gain > 0 ? options.gain : kaiming_std(in * k * k);
    std::vector<std::string> inputs{x,
                                    parameter(layer + ".weight", {options.out, in, k, k}, {std})};
    if (options.bias) inputs.push_back(parameter(layer + ".bias", {options.out}, {}));
    const std::int64_t pad = k / 2;
    const std::int64_t stride = options.stride;
    graph_.add(Op::Conv, layer, std::move(inputs),
               {{"kernel_shape", Ints{k, k}},
                {"strides", Ints{stride, stride}},
                {"pads", Ints{pad, pad, pad, pad}},
                {"dilations", Ints{1, 1}},
                {"group", std::int64_t{options.groups}}});
    return value(layer, options.out);
}

std::string NetworkBuilder::deconv(const std::string& layer, const std::string& x, int out) {
    // PyTorch counts the fan of a transposed convolution over the outputs (specification, 3.1).
    graph_.add(Op::ConvTranspose, layer,
               {x, parameter(layer + ".weight", {channels(x), out, 2, 2}, {kaiming_std(out * 4)}),
                parameter(layer + ".bias", {out}, {})},
               {{"kernel_shape", Ints{2, 2}},
                {"strides", Ints{2, 2}},
                {"pads", Ints{0, 0, 0, 0}},
                {"dilations", Ints{1, 1}},
                {"group", std::int64_t{1}}});
    return value(layer, out);
}

std::string NetworkBuilder::batch_norm(const std::string& layer, const std::string& x, float bias) {
    const int c = channels(x);
    graph_.add(
        Op::BatchNormalization, layer,
        {x, parameter(layer + ".weight", {c}, {0, 1}), parameter(layer + ".bias", {c}, {0, bias}),
         parameter(layer + ".running_mean", {c}, {}),
         parameter(layer + ".running_var", {c}, {0, 1})},
        {{"epsilon", 1e-5f}, {"momentum", 0.9f}});
    return value(layer, c);
}

std::string NetworkBuilder::apply(Op op, const std::string& node, const std::string& x,
                                  std::map<std::string, Attribute> attributes) {
    return value(graph_.add(op, node, {x}, std::move(attributes)), channels(x));
}

std::string NetworkBuilder::combine(Op op, const std::string& node, const std::string& a,
                                    const std::string& b) {
    return value(graph_.add(op, node, {a, b}), channels(a));
}

std::string NetworkBuilder::concat(const std::string& node,
                                   const std::vector<std::string>& values) {
    int total = 0;
    for (const std::string& part : values) total += channels(part);
    return value(graph_.add(Op::Concat, node, values, {{"axis", std::int64_t{1}}}), total);
}

std::string NetworkBuilder::max_pool(const std::string& node, const std::string& x) {
    return apply(
        Op::MaxPool, node, x,
        {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}});
}

std::string NetworkBuilder::resize(const std::string& node, const std::string& x, float factor) {
    const std::string scales = node + ".scales";
    graph_.parameters.emplace(scales, Tensor::of({4}, std::vector<float>{1, 1, factor, factor}));
    graph_.add(Op::Resize, node, {x, "", scales},
               {{"mode", std::string("nearest")},
                {"coordinate_transformation_mode", std::string("asymmetric")},
                {"nearest_mode", std::string("floor")}});
    return value(node, channels(x));
}

std::string NetworkBuilder::scale(const std::string& node, const std::string& x, float factor) {
    const std::string constant = node + ".factor";
    graph_.parameters.emplace(constant, Tensor::scalar(factor));
    return value(graph_.add(Op::Mul, node, {x, constant}), channels(x));
}

}  // namespace dbnet::model
