#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph.hpp"

namespace dbnet::model {

/// How a new parameter's values are drawn: from N(0, std) or all the same.
struct Initial {
    float std = 0;
    float constant = 0;
};

/// Adds layers to a Graph: the nodes, and their parameters under the names that MhLiao's
/// checkpoints use ("<layer>.weight", "<layer>.running_mean", ...). Values are known by name; every
/// function returns the name of the layer's output. Initial values depend only on the seed and the
/// parameter's name.
class NetworkBuilder {
public:
    struct Conv {
        int out = 0;
        int kernel = 1;
        int stride = 1;
        int groups = 1;
        bool bias = false;
        float gain = 0;  ///< std of the initial weights; 0: Kaiming normal, fan in
    };

    NetworkBuilder(Graph& graph, std::uint64_t seed) : graph_(graph), seed_(seed) {}

    /// The graph's input, f32 [N, channels, H, W] with N, H and W dynamic.
    std::string input(const std::string& name, int channels);
    /// A value [N, channels, H, W] that the graph computes already, to go on from.
    std::string existing(const std::string& name, int channels);
    /// Declares an output of the graph, f32 [N, channels, H, W].
    void output(const std::string& value);

    /// Convolution with "same" padding for odd kernels, weights [out, in / groups, kernel, kernel].
    std::string conv(const std::string& layer, const std::string& x, const Conv& options);
    /// Transposed convolution 2x2 with stride 2 and bias, weights [in, out, 2, 2].
    std::string deconv(const std::string& layer, const std::string& x, int out);
    /// BatchNormalization, eps 1e-5, momentum 0.1 of the new statistics.
    std::string batch_norm(const std::string& layer, const std::string& x, float bias = 0);

    std::string apply(Op op, const std::string& node, const std::string& x,
                      std::map<std::string, Attribute> attributes = {});
    std::string combine(Op op, const std::string& node, const std::string& a, const std::string& b);
    std::string concat(const std::string& node, const std::vector<std::string>& values);
    std::string max_pool(const std::string& node,
                         const std::string& x);  ///< 3x3, stride 2, padding 1
    /// Nearest-neighbour resizing by a factor (asymmetric, floor): 2 repeats pixels, 0.25 takes
    /// every fourth.
    std::string resize(const std::string& node, const std::string& x, float factor);
    /// x times a constant.
    std::string scale(const std::string& node, const std::string& x, float factor);

    int channels(const std::string& value) const { return channels_.at(value); }

private:
    std::string parameter(const std::string& name, Dims dims, Initial initial);
    std::string value(const std::string& name, int channels);

    Graph& graph_;
    std::uint64_t seed_;
    std::map<std::string, int> channels_;
};

}  // namespace dbnet::model
