#include "engine/cpu/kernels/pyramid.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <random>

#include "engine/cpu/kernels/simd_targets.hpp"

namespace dbnet::engine::cpu {
namespace {

/// Dense maps in double precision, one image.
struct Maps {
    int channels = 0;
    int height = 0;
    int width = 0;
    std::vector<double> values;

    Maps(int c, int h, int w)
        : channels(c), height(h), width(w), values(static_cast<std::size_t>(c) * h * w) {}
    double& at(int c, int y, int x) {
        return values[(static_cast<std::size_t>(c) * height + y) * width + x];
    }
    double get(int c, int y, int x) const {
        if (y < 0 || x < 0 || y >= height || x >= width) return 0;
        return values[(static_cast<std::size_t>(c) * height + y) * width + x];
    }
};

double bias_of(const std::vector<float>& bias, int k) {
    return bias.empty() ? 0.0 : static_cast<double>(bias[static_cast<std::size_t>(k)]);
}

Maps convolve(const Maps& in, const ConvWeights& conv, int size) {
    Maps out(conv.out, in.height, in.width);
    for (int k = 0; k < conv.out; ++k)
        for (int y = 0; y < in.height; ++y)
            for (int x = 0; x < in.width; ++x) {
                double sum = bias_of(conv.bias, k);
                const float* w =
                    conv.weights.data() + static_cast<std::ptrdiff_t>(k) * conv.in * size * size;
                for (int c = 0; c < conv.in; ++c)
                    for (int dy = 0; dy < size; ++dy)
                        for (int dx = 0; dx < size; ++dx)
                            sum += *w++ * in.get(c, y + dy - size / 2, x + dx - size / 2);
                out.at(k, y, x) = sum;
            }
    return out;
}

Maps upsample(const Maps& in, int factor) {
    Maps out(in.channels, in.height * factor, in.width * factor);
    for (int c = 0; c < out.channels; ++c)
        for (int y = 0; y < out.height; ++y)
            for (int x = 0; x < out.width; ++x) out.at(c, y, x) = in.get(c, y / factor, x / factor);
    return out;
}

void add(Maps& to, const Maps& other) {
    for (std::size_t i = 0; i < to.values.size(); ++i) to.values[i] += other.values[i];
}

void relu(Maps& maps) {
    for (double& v : maps.values) v = std::max(v, 0.0);
}

void apply_gate(Maps& maps, const std::optional<Gate>& gate) {
    if (!gate) return;
    Maps mean(maps.channels, 1, 1);
    for (int c = 0; c < maps.channels; ++c) {
        for (int y = 0; y < maps.height; ++y)
            for (int x = 0; x < maps.width; ++x) mean.at(c, 0, 0) += maps.get(c, y, x);
        mean.at(c, 0, 0) /= maps.height * maps.width;
    }
    Maps middle = convolve(mean, gate->squeeze, 1);
    relu(middle);
    const Maps excited = convolve(middle, gate->excite, 1);
    for (int c = 0; c < maps.channels; ++c) {
        const double factor =
            1 + std::clamp(gate->alpha * excited.get(c, 0, 0) + gate->beta, 0.0, 1.0);
        for (int y = 0; y < maps.height; ++y)
            for (int x = 0; x < maps.width; ++x) maps.at(c, y, x) *= factor;
    }
}

Maps deconvolve(const Maps& in, const ConvWeights& conv) {
    Maps out(conv.out, 2 * in.height, 2 * in.width);
    for (int k = 0; k < conv.out; ++k)
        for (int y = 0; y < out.height; ++y)
            for (int x = 0; x < out.width; ++x) {
                double sum = bias_of(conv.bias, k);
                for (int c = 0; c < conv.in; ++c)
                    sum += conv.weights[static_cast<std::size_t>((c * conv.out + k) * 4 +
                                                                 y % 2 * 2 + x % 2)] *
                           in.get(c, y / 2, x / 2);
                out.at(k, y, x) = sum;
            }
    return out;
}

Maps naive_head(const HeadWeights& head, const std::vector<Maps>& maps) {
    Maps sum(head.parts[0].out, maps[0].height, maps[0].width);
    for (int k = 0; k < sum.channels; ++k)
        for (int y = 0; y < sum.height; ++y)
            for (int x = 0; x < sum.width; ++x) sum.at(k, y, x) = bias_of(head.bias, k);
    for (std::size_t i = 0; i < maps.size(); ++i)
        add(sum, convolve(upsample(maps[i], 1 << i), head.parts[i], 3));
    relu(sum);
    Maps middle = deconvolve(sum, head.first_deconv);
    relu(middle);
    Maps map = deconvolve(middle, head.second_deconv);
    for (double& v : map.values) v = 1 / (1 + std::exp(-v));
    return map;
}

/// The definition, with every map made.
std::vector<Maps> naive(const PyramidWeights& weights, const std::vector<Maps>& inputs) {
    std::vector<Maps> maps = inputs;
    for (std::size_t i = weights.neck.size(); i-- > 0;) {
        maps[i] = convolve(inputs[i], weights.neck[i].lateral, 1);
        apply_gate(maps[i], weights.neck[i].lateral_gate);
        if (i + 1 < weights.neck.size()) add(maps[i], upsample(maps[i + 1], 2));
    }
    for (std::size_t i = 0; i < weights.neck.size(); ++i) {
        maps[i] = convolve(maps[i], weights.neck[i].out, 3);
        apply_gate(maps[i], weights.neck[i].out_gate);
    }
    std::vector<Maps> result;
    for (const HeadWeights& head : weights.heads) result.push_back(naive_head(head, maps));
    return result;
}

/// What is varied between the cases.
struct Case {
    int levels = 4;
    int height = 3;  ///< of the coarsest level
    int width = 5;
    int inner = 12;
    int out = 5;
    int head = 7;
    int middle = 6;
    bool neck = true;
    bool gates = false;
    bool biases = false;
    int heads = 1;
};

class Random {
public:
    explicit Random(unsigned seed) : engine_(seed) {}

    std::vector<float> values(std::size_t count, double scale = 1) {
        std::vector<float> result(count);
        for (float& v : result) v = static_cast<float>(scale * distribution_(engine_));
        return result;
    }
    ConvWeights conv(int in, int out, int taps, bool bias) {
        const auto count = static_cast<std::size_t>(in) * out * taps;
        return {in, out, values(count, 1 / std::sqrt(in * taps)),
                bias ? values(static_cast<std::size_t>(out), 0.5) : std::vector<float>()};
    }
    Gate gate(int channels) {
        const int squeezed = std::max(1, channels / 4);
        return {conv(channels, squeezed, 1, true), conv(squeezed, channels, 1, true), 0.2F, 0.5F};
    }

private:
    std::mt19937 engine_;
    std::normal_distribution<double> distribution_;
};

int input_channels(const Case& c, std::size_t i) {
    constexpr std::array<int, 5> kChannels = {4, 7, 9, 30, 11};
    return c.neck ? kChannels[i] : c.out + static_cast<int>(i);
}

PyramidLevel random_level(const Case& c, std::size_t i, Random& random) {
    const int out = c.out + static_cast<int>(i);
    PyramidLevel level;
    level.lateral = random.conv(input_channels(c, i), c.inner, 1, c.biases);
    level.out = random.conv(c.inner, out, 9, c.biases);
    if (c.gates) level.lateral_gate = random.gate(c.inner);
    if (c.gates) level.out_gate = random.gate(out);
    return level;
}

HeadWeights random_head(const Case& c, Random& random) {
    HeadWeights head;
    for (int i = 0; i < c.levels; ++i)
        head.parts.push_back(random.conv(c.out + i, c.head, 9, false));
    if (c.biases) head.bias = random.values(static_cast<std::size_t>(c.head));
    head.first_deconv = random.conv(c.head, c.middle, 4, c.biases);
    head.second_deconv = random.conv(c.middle, 1, 4, c.biases);
    return head;
}

PyramidWeights random_weights(const Case& c, Random& random) {
    PyramidWeights weights;
    for (std::size_t i = 0; i < static_cast<std::size_t>(c.levels) && c.neck; ++i)
        weights.neck.push_back(random_level(c, i, random));
    for (int h = 0; h < c.heads; ++h) weights.heads.push_back(random_head(c, random));
    return weights;
}

std::vector<Maps> random_inputs(const Case& c, Random& random) {
    std::vector<Maps> inputs;
    for (std::size_t i = 0; i < static_cast<std::size_t>(c.levels); ++i) {
        const int factor = 1 << (c.levels - 1 - static_cast<int>(i));
        Maps maps(input_channels(c, i), c.height * factor, c.width * factor);
        const auto values = random.values(maps.values.size());
        std::copy(values.begin(), values.end(), maps.values.begin());
        inputs.push_back(std::move(maps));
    }
    return inputs;
}

struct Free {
    void operator()(void* p) const { std::free(p); }
};

/// Runs the kernel on a batch, one head's maps after the other's; the scratch memory holds NaN
/// before.
std::vector<float> run_kernel(const PyramidWeights& weights,
                              const std::vector<std::vector<Maps>>& batch, int threads) {
    std::vector<std::vector<float>> inputs(batch[0].size());
    std::vector<model::Dims> dims;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        for (const auto& image : batch)
            inputs[i].insert(inputs[i].end(), image[i].values.begin(), image[i].values.end());
        const Maps& maps = batch[0][i];
        dims.push_back(
            {static_cast<std::int64_t>(batch.size()), maps.channels, maps.height, maps.width});
    }
    const auto kernel = make_pyramid_kernel(make_pyramid(weights), dims);
    if (kernel == nullptr) return {};
    const std::size_t bytes = kernel->scratch_bytes(threads) / 64 * 64 + 64;
    const std::unique_ptr<std::byte, Free> scratch(
        static_cast<std::byte*>(std::aligned_alloc(64, bytes)));
    std::fill_n(reinterpret_cast<float*>(scratch.get()), bytes / sizeof(float), NAN);
    const std::size_t map =
        batch.size() * 16 * static_cast<std::size_t>(batch[0][0].height * batch[0][0].width);
    std::vector<float> maps(map * weights.heads.size());
    std::vector<const float*> pointers;
    for (const auto& input : inputs) pointers.push_back(input.data());
    std::vector<float*> outputs;
    for (std::size_t h = 0; h < weights.heads.size(); ++h) outputs.push_back(maps.data() + h * map);
    kernel->run(pointers, outputs, scratch.get(), threads);
    return maps;
}

void expect_near(const std::vector<float>& actual, const std::vector<double>& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    double worst = 0;
    double largest = 0;
    for (std::size_t i = 0; i < actual.size(); ++i) {
        ASSERT_TRUE(std::isfinite(actual[i])) << "at " << i;
        worst = std::max(worst, std::abs(actual[i] - expected[i]));
        largest = std::max(largest, std::abs(expected[i]));
    }
    EXPECT_LT(worst / largest, 1e-5);
}

const std::vector<Case>& cases() {
    static const std::vector<Case> kCases = {
        {},
        {.gates = true},
        {.biases = true},
        {.gates = true, .biases = true},
        {.neck = false},
        {.gates = true, .biases = true, .heads = 2},
        {.neck = false, .heads = 3},
        {.neck = false, .biases = true},
        {.levels = 1, .height = 9, .width = 33, .gates = true, .biases = true},
        {.levels = 2, .height = 1, .width = 1, .biases = true},
        {.levels = 5, .height = 1, .width = 2, .gates = true},
        {.levels = 3, .height = 7, .width = 50, .inner = 40, .out = 13, .head = 25, .middle = 13},
        {.levels = 4, .height = 2, .width = 43, .inner = 30, .out = 3, .head = 12, .middle = 1},
        {.levels = 3, .height = 2, .width = 9, .inner = 5, .out = 24, .gates = true},
    };
    return kCases;
}

TEST(Pyramid, EqualsTheDefinitionOnEveryTarget) {
    int targets = 0;
    for (std::size_t i = 0; i < cases().size(); ++i) {
        SCOPED_TRACE(i);
        Random random(static_cast<unsigned>(i));
        const PyramidWeights weights = random_weights(cases()[i], random);
        const auto inputs = random_inputs(cases()[i], random);
        std::vector<double> expected;
        for (const Maps& map : naive(weights, inputs))
            expected.insert(expected.end(), map.values.begin(), map.values.end());
        for_each_simd_target([&](const char* target) {
            SCOPED_TRACE(target);
            ++targets;
            expect_near(run_kernel(weights, {inputs}, 2), expected);
        });
    }
    EXPECT_GE(targets, 1);
}

TEST(Pyramid, ImagesOfABatchAreIndependent) {
    Random random(7);
    const Case c{.gates = true};
    const PyramidWeights weights = random_weights(c, random);
    const auto first = random_inputs(c, random);
    const auto second = random_inputs(c, random);
    std::vector<float> expected = run_kernel(weights, {first}, 1);
    const auto other = run_kernel(weights, {second}, 1);
    expected.insert(expected.end(), other.begin(), other.end());
    EXPECT_EQ(run_kernel(weights, {first, second}, 1), expected);
}

TEST(Pyramid, ResultDoesNotDependOnTheNumberOfThreads) {
    for (const Case& c : cases()) {
        Random random(11);
        const PyramidWeights weights = random_weights(c, random);
        const auto inputs = random_inputs(c, random);
        const auto one = run_kernel(weights, {inputs}, 1);
        for (const int threads : {2, 3, 7}) EXPECT_EQ(run_kernel(weights, {inputs}, threads), one);
    }
}

TEST(Pyramid, RefusesLevelsThatDoNotHalve) {
    Random random(3);
    const Case c{.levels = 2};
    const auto pyramid = make_pyramid(random_weights(c, random));
    const auto accepts = [&](const model::Dims& fine, const model::Dims& coarse) {
        return make_pyramid_kernel(pyramid, {fine, coarse}) != nullptr;
    };
    EXPECT_TRUE(accepts({1, 4, 6, 10}, {1, 7, 3, 5}));
    EXPECT_FALSE(accepts({1, 4, 6, 9}, {1, 7, 3, 5}));
    EXPECT_FALSE(accepts({1, 4, 5, 10}, {1, 7, 3, 5}));
    EXPECT_FALSE(accepts({2, 4, 6, 10}, {1, 7, 3, 5}));
    EXPECT_FALSE(accepts({1, 4, 0, 0}, {1, 7, 0, 0}));
}

}  // namespace
}  // namespace dbnet::engine::cpu
