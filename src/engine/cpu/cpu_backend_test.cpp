#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <cstring>
#include <thread>

#include "core/error.hpp"
#include "engine/cpu/cpu_executable.hpp"
#include "engine/cpu/plan_builder.hpp"
#include "engine/cpu/profile.hpp"
#include "support/random_graph.hpp"

// What the plan executor promises beyond the contract of backends: what is fused, where values lie,
// what is packed and kept how often.
namespace dbnet::engine::cpu {
namespace {

using model::Dims;
using model::Graph;
using model::Op;
using testing::Each;
using testing::ElementsAre;
using testing::Not;
using Buffers = std::vector<Buffer>;

Buffers run(const Backend& backend, const Graph& graph, const Buffers& inputs) {
    const auto executable = backend.compile(graph);
    const auto context = backend.create_context(2);
    return backend.run(*executable, *context, inputs);
}

void expect_near(const Buffer& actual, const Buffer& expected) {
    ASSERT_EQ(actual.dims(), expected.dims());
    for (std::size_t i = 0; i < expected.f32().size(); ++i)
        ASSERT_NEAR(actual.f32()[i], expected.f32()[i], 1e-4f) << i;
}

std::string conv(test::GraphBuilder& b, const std::string& x, std::int64_t in, std::int64_t out,
                 std::int64_t kernel = 3) {
    return b.add(Op::Conv,
                 {x, b.parameter({out, in, kernel, kernel}, -0.2f, 0.2f), b.parameter({out})},
                 {{"pads", Dims(4, kernel / 2)}});
}

/// The steps of a graph's plan for two threads, by operation; also checks their result.
std::vector<std::string> steps_of(const test::GraphCase& graph_case) {
    SCOPED_TRACE(test::describe(graph_case));
    const Buffers expected = run(reference_backend(), graph_case.graph, graph_case.inputs);
    const Buffers actual = run(cpu_backend(), graph_case.graph, graph_case.inputs);
    for (std::size_t i = 0; i < expected.size(); ++i) expect_near(actual[i], expected[i]);
    const auto executable = cpu_backend().compile(graph_case.graph);
    const auto context = cpu_backend().create_context(2);
    std::vector<std::string> operations;
    for (const StepProfile& step : profile(*executable, *context, graph_case.inputs, 1))
        operations.push_back(step.operation);
    return operations;
}

TEST(CpuBackend, FusesActivationsAndResidualsIntoConvolutions) {
    test::GraphBuilder b(1);
    const std::string x = b.input({1, 3, 12, 14});
    const std::string stem = b.add(Op::HardSwish, {conv(b, x, 3, 20)});
    const std::string inner = b.add(Op::LeakyRelu, {conv(b, stem, 20, 24)});
    const std::string sum = b.add(Op::Add, {stem, conv(b, inner, 24, 20)});
    const std::string next = b.add(Op::Relu, {sum});
    b.output(b.add(Op::Add, {conv(b, conv(b, next, 20, 20), 20, 20), next}));
    EXPECT_THAT(steps_of(b.finish("residuals")),
                ElementsAre("Conv + HardSwish", "Conv + LeakyRelu", "Conv + Add + Relu", "Conv",
                            "Conv + Add", "reorder"));
}

TEST(CpuBackend, AddsAResidualThatIsStillNeededInAStepOfItsOwn) {
    test::GraphBuilder b(2);
    const std::string x = b.add(Op::Relu, {conv(b, b.input({1, 3, 9, 9}), 3, 16)});
    const std::string sum = b.add(Op::Add, {x, conv(b, x, 16, 16)});
    b.output(b.add(Op::Mul, {sum, x}));
    EXPECT_THAT(steps_of(b.finish("residual read twice")),
                ElementsAre("Conv + Relu", "Conv + Add", "Conv + Add", "Mul", "reorder"));
}

TEST(CpuBackend, AddsConvolutionsToEachOther) {
    test::GraphBuilder b(3);
    const std::string x = b.input({2, 3, 8, 8});
    const std::string sum = b.add(Op::Add, {conv(b, x, 3, 16), conv(b, x, 3, 16, 1)});
    b.output(b.add(Op::Relu, {sum}));
    EXPECT_THAT(steps_of(b.finish("two convolutions")),
                ElementsAre("Conv", "Conv + Add + Relu", "reorder"));
}

TEST(CpuBackend, ConcatenatesWithoutCopies) {
    for (const std::int64_t channels : {16, 8}) {  // whole blocks and parts of one
        test::GraphBuilder b(4);
        const std::string x = b.input({1, 3, 16, 16});
        const std::string y = conv(b, x, 3, channels);
        const std::string z = b.add(Op::Sigmoid, {conv(b, x, 3, 2 * channels)});
        b.output(conv(b, b.add(Op::Concat, {y, z}, {{"axis", std::int64_t{1}}}), 3 * channels, 8));
        EXPECT_THAT(steps_of(b.finish("concatenation")), Each(Not("Concat"))) << channels;
    }
}

TEST(CpuBackend, SharesAReorderAmongItsReaders) {
    test::GraphBuilder b(5);
    const std::string x = b.input({1, 16, 8, 8});
    const std::string left = conv(b, x, 16, 16);
    b.output(b.add(Op::Add, {conv(b, left, 16, 16), conv(b, x, 16, 16)}));
    const std::vector<std::string> steps = steps_of(b.finish("shared reorder"));
    EXPECT_EQ(std::ranges::count(steps, "reorder"), 2);  // the input's and the output's
}

TEST(CpuBackend, ResolvesExtentsWhenThePlanIsMade) {
    test::GraphBuilder b(6);
    const std::string x = b.input({1, 3, 8, 10});
    const std::string small =
        b.add(Op::MaxPool, {x}, {{"kernel_shape", Dims{2, 2}}, {"strides", Dims{2, 2}}});
    b.output(b.add(Op::Resize, {small, "", "", b.add(Op::Shape, {x})}, {{"mode", "nearest"}}));
    test::GraphCase graph_case = b.finish("shape arithmetic");
    graph_case.graph.inputs[0].dims = {-1, 3, -1, -1};
    EXPECT_THAT(steps_of(graph_case), ElementsAre("MaxPool", "Resize"));
}

/// A detector-like network with dynamic extents.
test::GraphCase network() {
    test::GraphBuilder b(7);
    const std::string x = b.input({1, 3, 32, 32});
    std::string y = b.add(Op::Relu, {conv(b, x, 3, 16)});
    y = b.add(Op::Relu, {conv(b, y, 16, 24)});
    b.output(b.add(Op::Sigmoid, {conv(b, y, 24, 8, 1)}));
    test::GraphCase graph_case = b.finish("network");
    graph_case.graph.inputs[0].dims = {-1, 3, -1, -1};
    return graph_case;
}

Buffers image(std::int64_t height, std::int64_t width) {
    test::Random random(3);
    return {test::random_buffer(random, {1, 3, height, width}, -1, 1)};
}

TEST(CpuBackend, PacksWeightsOnceForAllExtentsAndLanes) {
    CpuExecutable executable(network().graph, {});
    std::vector<std::thread> lanes;
    for (int lane = 0; lane < 4; ++lane)
        lanes.emplace_back([&, lane] {
            const auto context = cpu_backend().create_context(1);
            for (std::int64_t width = 32; width <= 96; width += 32)
                cpu_backend().run(executable, *context, image(32 + 32 * (lane % 2), width));
        });
    for (std::thread& lane : lanes) lane.join();
    EXPECT_EQ(executable.weights().size(), 6u);  // three convolutions: weights and bias
    const std::size_t bytes = executable.memory().weights;
    const auto context = cpu_backend().create_context(2);
    cpu_backend().run(executable, *context, image(64, 160));
    EXPECT_EQ(executable.memory().weights, bytes);
}

TEST(CpuBackend, KeepsAsManyPlansAsItIsTold) {
    const auto executable = cpu_backend().compile(network().graph, {2});
    const auto context = cpu_backend().create_context(1);
    cpu_backend().run(*executable, *context, image(32, 32));
    const std::size_t one = executable->memory().plans;
    EXPECT_GT(one, 0u);
    for (std::int64_t width = 64; width <= 320; width += 32)
        cpu_backend().run(*executable, *context, image(32, width));
    EXPECT_EQ(executable->memory().plans, 2 * one);
    executable->trim();
    EXPECT_EQ(executable->memory().plans, 0u);
}

TEST(CpuBackend, GivesTheSameBitsOnEveryContextAndAfterEviction) {
    const auto executable = cpu_backend().compile(network().graph, {1});
    const auto first = cpu_backend().create_context(2);
    const Buffer expected = cpu_backend().run(*executable, *first, image(32, 64))[0];
    for (int round = 0; round < 3; ++round) {
        const auto context = cpu_backend().create_context(2);
        cpu_backend().run(*executable, *context, image(64, 64));
        const Buffer actual = cpu_backend().run(*executable, *context, image(32, 64))[0];
        EXPECT_EQ(std::memcmp(actual.data(), expected.data(), expected.bytes()), 0);
    }
}

TEST(CpuBackend, LeavesTheCallersThreadSettingsAlone) {
    const ThreadTeam callers(3);
    run(cpu_backend(), network().graph, image(32, 32));
    EXPECT_EQ(omp_get_max_threads(), 3);
}

TEST(CpuBackend, TakesInputsOfAnyAlignment) {
    const Buffer source = image(32, 32)[0];
    const auto storage = std::make_shared<std::vector<float>>(source.f32().size() + 16);
    const auto address = reinterpret_cast<std::uintptr_t>(storage->data());
    const std::size_t shift = address % kAlignment == 4 ? 2 : 1;
    if ((address + shift * 4) % kAlignment == 0) GTEST_FAIL() << "not what is to be tested";
    float* shifted = storage->data() + shift;
    std::ranges::copy(source.f32(), shifted);
    const Buffer odd(Device::cpu, model::DataType::f32, source.dims(),
                     std::shared_ptr<void>(storage, shifted));
    const Buffer expected = run(cpu_backend(), network().graph, {source})[0];
    const Buffer actual = run(cpu_backend(), network().graph, {odd})[0];
    EXPECT_EQ(std::memcmp(actual.data(), expected.data(), expected.bytes()), 0);
}

// ---- fused regions

/// Adds and doubles; fits images of even width only.
class AddTwice final : public FusedRegion {
public:
    AddTwice(const Graph& graph, std::size_t add, std::size_t twice) {
        name = "add_twice";
        nodes = {add, twice};
        inputs = graph.nodes[add].inputs;
        outputs = graph.nodes[twice].outputs;
    }

    std::size_t weight_bytes() const override { return 0; }

    std::unique_ptr<FusedKernel> instantiate(const std::vector<Dims>& dims) const override {
        if (dims[0][3] % 2 != 0) return nullptr;
        return std::make_unique<Kernel>(model::element_count(dims[0]));
    }

private:
    class Kernel final : public FusedKernel {
    public:
        explicit Kernel(std::int64_t size) : size_(static_cast<std::size_t>(size)) {}
        std::size_t scratch_bytes(int threads) const override {
            return size_ * sizeof(float) * static_cast<std::size_t>(threads);
        }
        void run(std::span<const float* const> from, std::span<float* const> to, std::byte* scratch,
                 int) const override {
            auto* sums = reinterpret_cast<float*>(scratch);
            for (std::size_t i = 0; i < size_; ++i) sums[i] = from[0][i] + from[1][i];
            for (std::size_t i = 0; i < size_; ++i) to[0][i] = 2 * sums[i];
            for (const void* pointer :
                 {static_cast<const void*>(from[0]), static_cast<const void*>(from[1]),
                  static_cast<const void*>(to[0]), static_cast<const void*>(scratch)})
                EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pointer) % kAlignment, 0u);
        }

    private:
        std::size_t size_;
    };
};

/// conv(x), conv(x) -> Add -> Mul by 2 -> conv.
test::GraphCase network_with_region(std::int64_t width) {
    test::GraphBuilder b(8);
    const std::string x = b.input({1, 3, 6, width});
    const std::string sum = b.add(Op::Add, {conv(b, x, 3, 5), conv(b, x, 3, 5, 1)});
    b.output(conv(b, b.add(Op::Mul, {sum, b.parameter({}, 2, 2)}), 5, 4));
    return b.finish("region");
}

Plan plan_with_region(const test::GraphCase& graph_case, PackedWeights& weights) {
    std::vector<std::unique_ptr<FusedRegion>> regions;
    for (int copies = 0; copies < 2; ++copies)  // the second overlaps the first
        regions.push_back(std::make_unique<AddTwice>(graph_case.graph, 2, 3));
    return PlanBuilder(graph_case.graph, regions, weights, {graph_case.inputs[0].dims()}, 2)
        .build();
}

TEST(FusedRegions, ReplaceTheirNodesOnce) {
    const test::GraphCase graph_case = network_with_region(8);
    PackedWeights weights;
    const Plan plan = plan_with_region(graph_case, weights);
    int regions = 0;
    for (const auto& step : plan.steps) {
        regions += step->info.operation == "add_twice" ? 1 : 0;
        EXPECT_THAT(step->info.operation, Not(testing::HasSubstr("Add")));
    }
    EXPECT_EQ(regions, 1);

    const core::Memory arena = core::allocate(plan.arena_bytes());
    Frame frame;
    bind_arena(plan, arena.get(), frame);
    const Buffers outputs = allocate_outputs(plan);
    bind_buffers(plan, graph_case.inputs, outputs, frame);
    for (const auto& step : plan.steps) step->run(frame);
    expect_near(outputs[0], run(reference_backend(), graph_case.graph, graph_case.inputs)[0]);
}

TEST(FusedRegions, LeaveTheirNodesWhereTheyDoNotFit) {
    const test::GraphCase graph_case = network_with_region(7);
    PackedWeights weights;
    const Plan plan = plan_with_region(graph_case, weights);
    for (const auto& step : plan.steps) EXPECT_NE(step->info.operation, "add_twice");
}

TEST(CpuBackend, SubnormalNumbersAreZeroToTheTeamWhileItRuns) {
    constexpr int kThreads = 4;
    test::GraphBuilder b(22);
    b.output(b.add(Op::Mul, {b.input({1, 1, 512, 512}, 1e-30f, 2e-30f),
                             b.parameter({1, 1, 1, 1}, 1e-10f, 1e-10f)}));
    const test::GraphCase graph_case = b.finish("tiny products");
    const auto executable = cpu_backend().compile(graph_case.graph);
    const auto context = cpu_backend().create_context(kThreads);
    const Buffer products = cpu_backend().run(*executable, *context, graph_case.inputs)[0];
    EXPECT_THAT(std::vector<float>(products.f32().begin(), products.f32().end()), Each(0.0f));

    volatile float small = 1e-30f;
    volatile float smaller = 1e-10f;
    std::vector<float> after(kThreads, 0.0f);
#pragma omp parallel num_threads(kThreads)
    after[static_cast<std::size_t>(omp_get_thread_num())] = small * smaller;
    EXPECT_THAT(after, Each(testing::Gt(0.0f))) << "the caller's threads are as they were";
}

TEST(CpuBackend, ASmallImageCannotDemandGigabytes) {
    test::GraphBuilder b(23);
    const std::string x = b.input({1, 3, 32, 32});
    const std::string huge =
        b.add(Op::Resize, {x, "", b.reals({1, 1, 1000, 1000})}, {{"mode", "nearest"}});
    b.output(b.add(Op::Mul, {x, b.add(Op::ReduceMean, {huge, b.integers({2, 3})})}));
    const test::GraphCase graph_case = b.finish("resize bomb");
    try {
        run(cpu_backend(), graph_case.graph, graph_case.inputs);
        FAIL() << "12 GB were computed";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::too_large);
        EXPECT_THAT(error.what(), testing::HasSubstr("[1, 3, 32, 32]"));
    }
}

TEST(CpuBackend, QuantisesAndBackInOneStepHoweverManyReadIt) {
    test::GraphBuilder b(24);
    const std::string x = b.input({1, 3, 12, 14}, -2, 2);
    const std::string scale = b.parameter({}, 0.02f, 0.02f);
    const std::string zero = b.constant(model::Tensor::scalar(100.f).cast(model::DataType::u8));
    const std::string q = b.add(Op::QuantizeLinear, {x, scale, zero});
    const std::string left = b.add(Op::DequantizeLinear, {q, scale, zero});
    const std::string right = b.add(Op::DequantizeLinear, {q, scale, zero});
    b.output(b.add(Op::Add, {conv(b, left, 3, 16), conv(b, right, 3, 16)}));
    EXPECT_THAT(steps_of(b.finish("quantised")),
                ElementsAre("QuantizeLinear + DequantizeLinear", "Conv", "Conv + Add", "reorder"));
}

}  // namespace
}  // namespace dbnet::engine::cpu
