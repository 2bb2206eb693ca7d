#include "app/parity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <sstream>

#include "app/sources.hpp"
#include "app/text_picture.hpp"
#include "core/error.hpp"
#include "detect/preprocess.hpp"
#include "detect/settings.hpp"
#include "model/networks/maps.hpp"
#include "model/onnx.hpp"
#include "model/rewrite.hpp"
#include "model/shape_inference.hpp"
#include "train/run_weights.hpp"

namespace dbnet::app {
namespace {

using engine::Buffer;
using model::Graph;
using model::Node;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Buffer input_of(const Image& image, const SizeRule& rule, const detect::InputSpec& spec) {
    const detect::InputGeometry geometry =
        detect::plan_input(image.width(), image.height(), rule, DetectOptions{}.max_input_pixels);
    Buffer input = Buffer::host(model::DataType::f32, {1, 3, geometry.height, geometry.width});
    detect::preprocess(image, geometry, {0, 0, geometry.width, geometry.height}, spec, input.f32());
    return input;
}

/// One picture per image of the batch, of exactly those extents.
Buffer made_input(const model::Dims& dims, const detect::InputSpec& spec, std::uint64_t seed) {
    Buffer batch = Buffer::host(model::DataType::f32, dims);
    const auto width = static_cast<int>(dims[3]);
    const auto height = static_cast<int>(dims[2]);
    const detect::InputGeometry geometry{width, height, width, height, width, height};
    const auto size = static_cast<std::size_t>(3 * dims[2] * dims[3]);
    for (std::size_t n = 0; n < static_cast<std::size_t>(dims[0]); ++n)
        detect::preprocess(text_picture(width, height, seed + n), geometry, {0, 0, width, height},
                           spec, batch.f32().subspan(n * size, size));
    return batch;
}

/// A model, ready to run.
class Model {
public:
    Model(const ParityModel& model)
        : graph_(model::read_onnx(train::weights_of(model.path))), runner_(model.runner) {
        model::widen_weights(graph_);
        if (graph_.inputs.size() != 1 || graph_.inputs[0].dims.size() != 4 ||
            graph_.inputs[0].dims[1] != 3)
            core::fail(ErrorCode::unsupported, model.path,
                       ": expected a model with one input [N, 3, H, W]");
        map_ = model::maps_of(graph_).probability;
    }

    const Graph& graph() const noexcept { return graph_; }

    Buffer map(const Buffer& images) {
        if (!forward_) forward_ = runner_.prepare(model::cut(graph_, {map_}));
        return forward_(images).front();
    }

    std::vector<Buffer> values(const Buffer& images, const std::vector<std::string>& names) const {
        if (!runner_.fuses) return runner_.prepare(model::cut(graph_, names))(images);
        std::vector<Buffer> results;
        for (const std::string& name : names)
            results.push_back(runner_.prepare(model::cut(graph_, {name}))(images).front());
        return results;
    }

private:
    Graph graph_;
    Runner runner_;
    std::string map_;
    Forward forward_;
};

/// Single-precision values that nodes compute, in order.
std::vector<LayerParity> layers_of(const Graph& graph) {
    const auto values = model::infer_shapes(graph);
    std::vector<LayerParity> layers;
    for (const Node& node : graph.nodes)
        for (const std::string& output : node.outputs)
            if (!output.empty() && values.at(output).type == model::DataType::f32)
                layers.push_back({output, "", std::string(to_string(node.op)), {}});
    return layers;
}

/// The layers of `a` that `b` has, too.
std::vector<LayerParity> common_layers(const Graph& a, const Graph& b) {
    const std::vector<LayerParity> layers = layers_of(a);
    const std::vector<LayerParity> others = layers_of(b);
    std::set<std::string> names;
    for (const LayerParity& other : others) names.insert(other.a);
    std::vector<LayerParity> common;
    for (const LayerParity& layer : layers)
        if (names.contains(layer.a)) common.push_back({layer.a, layer.a, layer.op, {}});
    if (!common.empty()) return common;
    for (std::size_t i = 0; i < std::min(layers.size(), others.size()); ++i) {
        if (layers[i].op != others[i].op) break;
        common.push_back({layers[i].a, others[i].a, layers[i].op, {}});
    }
    return common;
}

Difference relative_difference(const Buffer& a, const Buffer& b) {
    double largest = 1;
    for (const float value : a.f32())
        largest = std::max(largest, static_cast<double>(std::abs(value)));
    const Difference absolute = difference(a, b);
    return {absolute.largest / largest, absolute.mean / largest};
}

std::vector<LayerParity> compare_layers(const Model& a, const Model& b, const Buffer& images) {
    std::vector<LayerParity> layers = common_layers(a.graph(), b.graph());
    std::vector<std::string> names_a;
    std::vector<std::string> names_b;
    for (const LayerParity& layer : layers) {
        names_a.push_back(layer.a);
        names_b.push_back(layer.b);
    }
    const std::vector<Buffer> values_a = a.values(images, names_a);
    const std::vector<Buffer> values_b = b.values(images, names_b);
    for (std::size_t i = 0; i < layers.size(); ++i)
        layers[i].difference = relative_difference(values_a[i], values_b[i]);
    return layers;
}

/// Inputs are made one after the other, as a folder may hold more images than memory does.
struct Inputs {
    std::size_t count = 0;
    std::function<ParityInput(std::size_t)> get;
};

Inputs inputs_from(const std::string& folder, const SizeRule& rule, const detect::InputSpec& spec) {
    std::istringstream no_list;
    const Sources sources = find_images({folder}, false, no_list);
    if (sources.inputs.empty())
        core::fail(ErrorCode::invalid_argument,
                   sources.refused.empty() ? folder + ": no image" : sources.refused.front());
    return {sources.inputs.size(), [=, images = sources.inputs](std::size_t i) {
                return ParityInput{images[i].relative,
                                   input_of(Image::read(images[i].path), rule, spec)};
            }};
}

class Comparison {
public:
    explicit Comparison(const ParityOptions& options)
        : options_(options), a_(options.a), b_(options.b) {
        const detect::ModelSettings settings = detect::settings_of(a_.graph().metadata, {});
        const detect::InputSpec other = detect::settings_of(b_.graph().metadata, {}).input;
        if (settings.input.order != other.order || settings.input.mean != other.mean ||
            settings.input.std != other.std)
            result_.warnings.push_back(
                "the models' metadata differ in colour order, mean or deviation; the inputs are "
                "made as the first one says");
        if (!options.data.empty()) {
            inputs_ =
                inputs_from(options.data, options.size.value_or(settings.size), settings.input);
        } else {
            auto made = made_inputs(a_.graph(), options.size);
            inputs_ = {made.size(), [made = std::move(made)](std::size_t i) { return made[i]; }};
        }
    }

    Parity run(const std::function<void(std::size_t, std::size_t)>& progress) {
        std::size_t worst = 0;
        double elements = 0;
        double sum = 0;
        for (std::size_t i = 0; i < inputs_.count; ++i) {
            if (progress) progress(i, inputs_.count);
            const std::optional<ParityInput> input = readable_input(i);
            if (!input) continue;
            const Buffer map = a_.map(input->images);
            const Difference found = difference(map, b_.map(input->images));
            result_.inputs.push_back({input->name, input->images.dims(), found});
            if (result_.inputs.size() == 1 || found.largest > result_.difference.largest) worst = i;
            result_.difference.largest = std::max(result_.difference.largest, found.largest);
            elements += static_cast<double>(map.size());
            sum += found.mean * static_cast<double>(map.size());
        }
        if (result_.inputs.empty())
            core::fail(ErrorCode::malformed, options_.data,
                       ": no image can be read: ", result_.unreadable.front());
        result_.difference.mean = sum / elements;
        if (options_.layers) result_.layers = compare_layers(a_, b_, inputs_.get(worst).images);
        if (options_.layers && result_.layers.empty())
            result_.warnings.push_back("the models have no layer in common");
        result_.is_same = result_.difference.largest <= options_.tolerance &&
                          result_.first_beyond(options_.tolerance) == nullptr;
        return std::move(result_);
    }

private:
    std::optional<ParityInput> readable_input(std::size_t i) {
        try {
            return inputs_.get(i);
        } catch (const Error& error) {
            result_.unreadable.push_back(error.what());
            return std::nullopt;
        }
    }

    const ParityOptions& options_;
    Model a_;
    Model b_;
    Inputs inputs_;
    Parity result_;
};

}  // namespace

Difference difference(std::span<const float> a, std::span<const float> b) {
    if (a.size() != b.size()) return {kInfinity, kInfinity};
    Difference result;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double distance = a[i] == b[i] ? 0 : std::abs(static_cast<double>(a[i]) - b[i]);
        if (std::isnan(distance)) return {kInfinity, kInfinity};
        result.largest = std::max(result.largest, distance);
        result.mean += distance;
    }
    if (!a.empty()) result.mean /= static_cast<double>(a.size());
    return result;
}

Difference difference(const Buffer& a, const Buffer& b) {
    if (a.dims() != b.dims()) return {kInfinity, kInfinity};
    return difference(std::span<const float>(a.f32()), b.f32());
}

std::vector<ParityInput> made_inputs(const model::Graph& graph, std::optional<SizeRule> size) {
    std::vector<model::Dims> extents{{1, 3, 96, 160}, {1, 3, 160, 64}, {2, 3, 64, 96}};
    if (size) {
        const detect::InputGeometry geometry = detect::plan_input(
            size->b > 0 ? size->b : size->a, size->a, *size, DetectOptions{}.max_input_pixels);
        extents = {{1, 3, geometry.height, geometry.width}};
    }
    const detect::InputSpec spec = detect::settings_of(graph.metadata, {}).input;
    std::vector<ParityInput> inputs;
    std::set<model::Dims> seen;
    for (model::Dims dims : extents) {
        for (std::size_t i = 0; i < dims.size(); ++i)
            if (graph.inputs[0].dims[i] >= 0) dims[i] = graph.inputs[0].dims[i];
        if (!seen.insert(dims).second) continue;
        const std::size_t seed = inputs.size();
        inputs.push_back({core::concat("made ", seed + 1), made_input(dims, spec, seed)});
    }
    return inputs;
}

const LayerParity* Parity::first_beyond(double tolerance) const {
    const auto beyond = std::ranges::find_if(
        layers, [&](const LayerParity& layer) { return !(layer.difference.largest <= tolerance); });
    return beyond == layers.end() ? nullptr : &*beyond;
}

Parity compare(const ParityOptions& options,
               const std::function<void(std::size_t, std::size_t)>& progress) {
    if (!(options.tolerance >= 0))
        core::fail(ErrorCode::invalid_argument, "--tolerance is ", options.tolerance,
                   ", expected a number of at least 0");
    return Comparison(options).run(progress);
}

}  // namespace dbnet::app
