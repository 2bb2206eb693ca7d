// The backbone's kernels against plain loops in double, with every instruction set.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "engine/cpu/kernels/inverted_residual.hpp"
#include "engine/cpu/kernels/pointwise.hpp"
#include "engine/cpu/kernels/simd_targets.hpp"
#include "engine/cpu/kernels/stem.hpp"

namespace dbnet::engine::cpu {
namespace {

using Kind = RunActivation::Kind;

struct Plain {  // a dense tensor [channels][height][width] of one image
    int channels;
    int height;
    int width;
    std::vector<double> values;

    Plain(int c, int h, int w)
        : channels(c), height(h), width(w), values(static_cast<std::size_t>(c) * h * w) {}
    double& at(int c, int y, int x) {
        return values[(static_cast<std::size_t>(c) * height + y) * width + x];
    }
    double padded(int c, int y, int x) const {
        if (y < 0 || y >= height || x < 0 || x >= width) return 0;
        return values[(static_cast<std::size_t>(c) * height + y) * width + x];
    }
};

double apply(const RunActivation& activation, double x) {
    switch (activation.kind) {
        case Kind::identity: return x;
        case Kind::relu: return std::max(x, 0.0);
        case Kind::clamp:
            return std::min<double>(std::max<double>(x, activation.low), activation.high);
        default: {
            const double gate =
                std::clamp<double>(activation.slope * x + activation.offset, 0.0, 1.0);
            return activation.kind == Kind::hard_swish ? x * gate : gate;
        }
    }
}

struct Layer {
    int out;
    int in;  // per group
    int kernel;
    int stride;
    bool grouped;
    RunActivation activation;
    std::vector<float> weights;
    std::vector<float> bias;

    PackedConv pack() const {
        return {weights.data(), bias.data(), out, in * kernel * kernel, activation};
    }
};

Plain naive(const Plain& input, const Layer& layer) {
    Plain out(layer.out, (input.height - 1) / layer.stride + 1,
              (input.width - 1) / layer.stride + 1);
    for (int k = 0; k < out.channels; ++k)
        for (int y = 0; y < out.height; ++y)
            for (int x = 0; x < out.width; ++x) {
                double sum = layer.bias[static_cast<std::size_t>(k)];
                std::size_t tap =
                    static_cast<std::size_t>(k) * layer.in * layer.kernel * layer.kernel;
                for (int c = 0; c < layer.in; ++c)
                    for (int i = 0; i < layer.kernel; ++i)
                        for (int j = 0; j < layer.kernel; ++j)
                            sum += layer.weights[tap++] *
                                   input.padded(layer.grouped ? k : c,
                                                y * layer.stride + i - layer.kernel / 2,
                                                x * layer.stride + j - layer.kernel / 2);
                out.at(k, y, x) = apply(layer.activation, sum);
            }
    return out;
}

class Blocks : public ::testing::Test {
protected:
    std::vector<float> random(std::size_t count, float range) {
        std::uniform_real_distribution<float> uniform(-range, range);
        std::vector<float> values(count);
        for (float& value : values) value = uniform(generator_);
        return values;
    }

    Layer layer(int out, int in, int kernel, int stride, const RunActivation& activation) {
        const std::size_t taps = static_cast<std::size_t>(in) * kernel * kernel;
        return {out,
                in,
                kernel,
                stride,
                false,
                activation,
                random(static_cast<std::size_t>(out) * taps, 2 / std::sqrt(float(taps))),
                random(static_cast<std::size_t>(out), 1)};
    }

    // Runs the kernel on `images` random images, alone and with three threads, and compares.
    void check(const FusedKernel& kernel, int images, Plain shape,
               const std::function<Plain(const Plain&)>& expected) {
        const std::size_t size = shape.values.size();
        const std::vector<float> input = random(size * static_cast<std::size_t>(images), 2);
        std::vector<Plain> wanted;
        double largest = 0;
        for (int i = 0; i < images; ++i) {
            std::copy_n(input.begin() + static_cast<std::ptrdiff_t>(size) * i, size,
                        shape.values.begin());
            wanted.push_back(expected(shape));
            for (const double value : wanted.back().values)
                largest = std::max(largest, std::abs(value));
        }
        const std::size_t out_size = wanted[0].values.size();
        for (const int threads : {1, 3}) {
            const std::vector<float> got =
                run(kernel, input, out_size * static_cast<std::size_t>(images), threads);
            double worst = 0;
            for (std::size_t i = 0; i < got.size(); ++i) {
                const double error = std::abs(got[i] - wanted[i / out_size].values[i % out_size]);
                worst = std::isnan(error) ? error : std::max(worst, error);
            }
            EXPECT_LT(worst, 2e-6 * largest) << threads << " threads";
        }
    }

    // Output and scratch memory begin as NaN: what is not written, or read too early, shows.
    static std::vector<float> run(const FusedKernel& kernel, const std::vector<float>& input,
                                  std::size_t out_size, int threads) {
        constexpr float kGuard = 12345.0F;
        std::vector<float> output(out_size + kRowUnit, NAN);
        std::fill(output.end() - kRowUnit, output.end(), kGuard);
        const std::size_t bytes = kernel.scratch_bytes(threads);
        const std::unique_ptr<std::byte, decltype(&std::free)> scratch(
            static_cast<std::byte*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64)), &std::free);
        std::fill_n(reinterpret_cast<float*>(scratch.get()), bytes / sizeof(float), NAN);
        const float* inputs[] = {input.data()};
        float* outputs[] = {output.data()};
        kernel.run(inputs, outputs, scratch.get(), threads);
        EXPECT_EQ(output[out_size], kGuard) << "written behind the end";
        output.resize(out_size);
        return output;
    }

    std::mt19937 generator_{1};
};

struct BlockCase {
    int images, in, middle, out, kernel, stride, height, width;
    bool residual;
    RunActivation activation;
};

std::string describe(const BlockCase& c) {
    return core::concat(c.in, "-", c.middle, "-", c.out, " k", c.kernel, " s", c.stride, " ",
                        c.height, "x", c.width, c.residual ? " residual" : "");
}

const RunActivation kRelu{.kind = Kind::relu};
const RunActivation kRelu6{.kind = Kind::clamp, .low = 0, .high = 6};
const RunActivation kSwish{.kind = Kind::hard_swish};
const RunActivation kSigmoid{.kind = Kind::hard_sigmoid, .slope = 0.2F, .offset = 0.4F};
const RunActivation kNone;

std::vector<BlockCase> block_cases() {
    std::vector<BlockCase> cases = {
        {1, 8, 8, 8, 3, 1, 9, 40, true, kRelu},       {1, 8, 32, 16, 3, 2, 13, 64, false, kRelu},
        {2, 16, 40, 24, 5, 2, 11, 67, false, kSwish}, {3, 24, 64, 24, 5, 1, 6, 20, true, kRelu6},
        {1, 5, 13, 7, 3, 1, 1, 16, false, kNone},     {1, 3, 1, 1, 5, 1, 2, 33, false, kSigmoid},
        {1, 80, 201, 80, 5, 1, 5, 19, true, kSwish},  {1, 97, 6, 5, 3, 2, 4, 35, false, kRelu}};
    for (const int stride : {1, 2})
        for (const int kernel : {3, 5})
            for (int width = 16 * stride; width < 16 * stride + 18; ++width)
                cases.push_back({1, 3, 9, 3, kernel, stride, width % 7 + 1, width,
                                 stride == 1 && width % 2 == 0, kSwish});
    return cases;
}

TEST_F(Blocks, InvertedResidualIsTheThreeConvolutions) {
    for_each_simd_target([&](const char* target) {
        for (const BlockCase& c : block_cases()) {
            SCOPED_TRACE(core::concat(target, ": ", describe(c)));
            const Layer expand = layer(c.middle, c.in, 1, 1, c.activation);
            Layer depthwise = layer(c.middle, 1, c.kernel, c.stride, c.activation);
            depthwise.grouped = true;
            const Layer project = layer(c.out, c.middle, 1, 1, kNone);
            auto weights = std::make_shared<InvertedResidualWeights>();
            weights->expand = expand.pack();
            weights->kernel = c.kernel;
            weights->stride = c.stride;
            weights->depthwise = depthwise.weights;
            weights->depthwise_bias = depthwise.bias;
            weights->depthwise_activation = c.activation;
            weights->project = project.pack();
            weights->residual = c.residual;
            const auto kernel =
                make_inverted_residual(weights, {c.images, c.in, c.height, c.width});
            ASSERT_NE(kernel, nullptr);
            check(*kernel, c.images, Plain(c.in, c.height, c.width), [&](const Plain& input) {
                Plain out = naive(naive(naive(input, expand), depthwise), project);
                for (std::size_t i = 0; c.residual && i < out.values.size(); ++i)
                    out.values[i] += input.values[i];
                return out;
            });
        }
    });
}

TEST_F(Blocks, StemIsAConvolutionOfStrideTwo) {
    for_each_simd_target([&](const char* target) {
        for (const int kernel_size : {3, 5})
            for (int width = 32; width < 72; ++width) {
                const int height = width % 9 + 1;
                const int channels = width % 4 + 1;
                SCOPED_TRACE(core::concat(target, ": ", channels, " channels, kernel ", kernel_size,
                                          ", ", height, "x", width));
                const Layer conv = layer(width % 11 + 1, channels, kernel_size, 2, kSwish);
                auto weights = std::make_shared<StemWeights>();
                weights->conv = conv.pack();
                weights->in_channels = channels;
                weights->kernel = kernel_size;
                const auto kernel = make_stem(weights, {2, channels, height, width});
                ASSERT_NE(kernel, nullptr);
                check(*kernel, 2, Plain(channels, height, width),
                      [&](const Plain& input) { return naive(input, conv); });
            }
    });
}

TEST_F(Blocks, PointwiseIsAMatrixProduct) {
    for_each_simd_target([&](const char* target) {
        for (int width = 16; width < 34; ++width) {
            SCOPED_TRACE(core::concat(target, ": width ", width));
            const Layer conv = layer(width % 10 + 1, width * 10, 1, 1, kRelu);
            const auto kernel =
                make_pointwise(std::make_shared<PackedConv>(conv.pack()), {2, conv.in, 3, width});
            ASSERT_NE(kernel, nullptr);
            check(*kernel, 2, Plain(conv.in, 3, width),
                  [&](const Plain& input) { return naive(input, conv); });
        }
    });
}

TEST_F(Blocks, NarrowImagesAreLeftToOthers) {
    auto weights = std::make_shared<InvertedResidualWeights>();
    const auto made = [&](int stride, std::int64_t width) {
        weights->stride = stride;
        return make_inverted_residual(weights, {1, 8, 1, width}) != nullptr;
    };
    EXPECT_FALSE(made(1, 1));
    EXPECT_FALSE(made(1, 15));
    EXPECT_TRUE(made(1, 16));
    EXPECT_FALSE(made(2, 31));
    EXPECT_TRUE(made(2, 32));
    EXPECT_EQ(make_stem(std::make_shared<StemWeights>(), {1, 3, 5, 31}), nullptr);
    EXPECT_EQ(make_pointwise(std::make_shared<PackedConv>(), {1, 3, 5, 15}), nullptr);
}

}  // namespace
}  // namespace dbnet::engine::cpu
