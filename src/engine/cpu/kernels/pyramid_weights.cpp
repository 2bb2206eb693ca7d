#include "engine/cpu/kernels/pyramid_weights.hpp"

#include <algorithm>
#include <numeric>

namespace dbnet::engine::cpu {

namespace {

/// The bias becomes the weights of one input more.
ConvWeights with_bias_as_input(const ConvWeights& conv) {
    if (conv.bias.empty()) return conv;
    ConvWeights result{conv.in + 1, conv.out, {}, {}};
    for (int k = 0; k < conv.out; ++k) {
        const auto row = conv.weights.begin() + static_cast<std::ptrdiff_t>(k) * conv.in;
        result.weights.insert(result.weights.end(), row, row + conv.in);
        result.weights.push_back(conv.bias[static_cast<std::size_t>(k)]);
    }
    return result;
}

std::vector<float> transpose(const ConvWeights& matrix) {
    std::vector<float> result;
    for (int c = 0; c < matrix.in; ++c)
        for (int k = 0; k < matrix.out; ++k)
            result.push_back(matrix.weights[static_cast<std::size_t>(k) * matrix.in + c]);
    return result;
}

void multiply(const ConvWeights& matrix, const float* in, float* out) {
    const float* row = matrix.weights.data();
    for (int k = 0; k < matrix.out; ++k, row += matrix.in)
        out[k] = std::inner_product(
            in, in + matrix.in, row,
            matrix.bias.empty() ? 0.0F : matrix.bias[static_cast<std::size_t>(k)]);
}

}  // namespace

Packed::Packed(TapForm form, std::span<const float> dense, int in, int out,
               const RowKernels& kernels)
    : layout(in, out, slots_of(form), kernels.max_block),
      values(pack_weights(form, dense, in, out, kernels.max_block)) {}

void scale_inputs(const Packed& packed, const float* factors, float* out) {
    const PackedLayout& layout = packed.layout;
    const float* from = packed.values.data();
    for (int b = 0; b < layout.blocks(); ++b)
        for (int c = 0; c < layout.in; ++c) {
            const float factor = factors[c];
            for (std::ptrdiff_t i = 0; i < layout.run(b); ++i) *out++ = *from++ * factor;
        }
}

void scale_outputs(const Packed& packed, const float* factors, float* out) {
    const PackedLayout& layout = packed.layout;
    std::copy(packed.values.begin(), packed.values.end(), out);
    for (int b = 0; b < layout.blocks(); ++b)
        for (int c = 0; c < layout.in; ++c)
            for (int k = 0; k < layout.size(b); ++k)
                out[layout.offset(b) + c * layout.run(b) + k] *= factors[layout.begin(b) + k];
}

void gate_factors(const Gate& gate, const float* means, float* working, float* factors) {
    multiply(gate.squeeze, means, working);
    for (int k = 0; k < gate.squeeze.out; ++k) working[k] = std::max(working[k], 0.0F);
    multiply(gate.excite, working, factors);
    for (int k = 0; k < gate.excite.out; ++k)
        factors[k] = 1.0F + std::clamp(gate.alpha * factors[k] + gate.beta, 0.0F, 1.0F);
}

NeckLevel::NeckLevel(const PyramidLevel& level, const RowKernels& kernels)
    : ones(!level.lateral.bias.empty()),
      lateral(with_bias_as_input(level.lateral)),
      lateral_gate(level.lateral_gate),
      out_bias(level.out.bias),
      out_gate(level.out_gate),
      point(TapForm::point, lateral.weights, lateral.in, lateral.out, kernels),
      transposed(TapForm::point, transpose(lateral), lateral.out, lateral.in, kernels),
      winograd(TapForm::winograd, level.out.weights, level.out.in, level.out.out, kernels),
      edges(TapForm::edges, level.out.weights, level.out.in, level.out.out, kernels) {}

void NeckLevel::lateral_means(const float* input_means, float* out) const {
    multiply(lateral, input_means, out);
}

std::size_t NeckLevel::gate_floats() const {
    const int squeezed = std::max(lateral_gate ? lateral_gate->squeeze.out : 0,
                                  out_gate ? out_gate->squeeze.out : 0);
    return static_cast<std::size_t>(2 * std::max(lateral.out, out_channels()) + squeezed);
}

Head::Head(const HeadWeights& weights, const RowKernels& kernels)
    : bias(weights.bias), tail(weights.first_deconv, weights.second_deconv, kernels) {
    for (const ConvWeights& part : weights.parts)
        parts.emplace_back(parts.empty() ? TapForm::winograd : TapForm::edges, part.weights,
                           part.in, part.out, kernels);
}

Pyramid::Pyramid(const PyramidWeights& weights, const RowKernels& row_kernels)
    : kernels(row_kernels) {
    for (const PyramidLevel& level : weights.neck) neck.emplace_back(level, kernels);
    for (const HeadWeights& head : weights.heads) heads.emplace_back(head, kernels);
    for (std::size_t m = 1; m < neck.size(); ++m)
        if (total_cost(m) < total_cost(first_materialised)) first_materialised = m;
}

std::vector<int> Pyramid::source_channels(std::size_t i) const {
    std::vector<int> channels;
    for (std::size_t j = i; j < coarsest_source(i); ++j) channels.push_back(neck[j].loaded());
    channels.push_back(neck[coarsest_source(i)].lateral.out);
    return channels;
}

std::size_t Pyramid::weight_bytes() const {
    std::size_t bytes = 0;
    std::size_t floats = 0;
    for (const Head& head : heads) {
        bytes += head.tail.weight_bytes();
        for (const Packed& part : head.parts) floats += part.values.size();
    }
    for (const NeckLevel& level : neck)
        floats += level.lateral.weights.size() + level.point.values.size() +
                  level.transposed.values.size() + level.winograd.values.size() +
                  level.edges.values.size();
    return bytes + floats * sizeof(float);
}

// Products per pixel of level 0 for a source of p_i at level j with that many channels.
double Pyramid::source_cost(std::size_t i, std::size_t j, int channels) const {
    const double per_pixel = i == j ? 4.5 : 9.0;
    return per_pixel * channels * neck[i].winograd.layout.out / static_cast<double>(1U << 2 * j);
}

double Pyramid::sum_cost(std::size_t i, std::size_t k) const {
    double total = source_cost(i, k, neck[k].lateral.out);
    for (std::size_t j = i; j < k; ++j) total += source_cost(i, j, neck[j].loaded());
    return total;
}

std::size_t Pyramid::cut(std::size_t i, std::size_t materialised) const {
    std::size_t best = std::max(i, materialised);
    for (std::size_t k = best + 1; k < neck.size(); ++k)
        if (sum_cost(i, k) < sum_cost(i, best)) best = k;
    return best;
}

double Pyramid::total_cost(std::size_t materialised) const {
    double total = 0;
    for (std::size_t i = 0; i < neck.size(); ++i) {
        total += sum_cost(i, cut(i, materialised));
        if (i >= materialised)
            total += static_cast<double>(neck[i].loaded()) * neck[i].lateral.out /
                     static_cast<double>(1U << 2 * i);
    }
    return total;
}

// A 1x1 convolution of an "image" whose channels are f's and whose rows are runs of packed weights.
void compose_block(const RowKernels& kernels, const Packed& packed, int b, const Packed& transposed,
                   const float* transposed_values, float* out) {
    const PackedLayout& from = packed.layout;
    const PackedLayout to(transposed.layout.out, from.out, from.slots, kernels.max_block);
    RowConv task;
    task.source = packed.values.data() + from.offset(b);
    task.source_plane = from.run(b);
    task.in_channels = from.in;
    task.weights = transposed_values;
    task.out = out + to.offset(b);
    task.out_plane = to.run(b);
    task.out_channels = to.in;
    task.width = static_cast<int>(to.run(b));
    kernels.conv(task);
}

std::shared_ptr<const Pyramid> make_pyramid(const PyramidWeights& weights) {
    return std::make_shared<const Pyramid>(weights, row_kernels());
}

std::size_t weight_bytes(const Pyramid& pyramid) { return pyramid.weight_bytes(); }

}  // namespace dbnet::engine::cpu
