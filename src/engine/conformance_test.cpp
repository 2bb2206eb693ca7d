#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>
#include <tuple>

#include "core/error.hpp"
#include "engine/backend.hpp"
#include "support/random_graph.hpp"

// What makes a backend: the contract of backend.hpp, and the oracle's results on random graphs.
namespace dbnet::engine {
namespace {

using model::DataType;
using model::Dims;
using model::Graph;
using model::Op;
using testing::HasSubstr;
using Buffers = std::vector<Buffer>;

/// Executables and contexts of one backend, put to use.
class Runner {
public:
    Runner(const Backend& backend, const Graph& graph, const CompileOptions& options = {},
           int threads = 2)
        : backend_(backend),
          executable_(backend.compile(graph, options)),
          context_(backend.create_context(threads)) {}

    Buffers run(const Buffers& inputs) { return backend_.run(*executable_, *context_, inputs); }

    Executable& executable() { return *executable_; }
    Context& context() { return *context_; }

private:
    const Backend& backend_;
    std::shared_ptr<Executable> executable_;
    std::unique_ptr<Context> context_;
};

/// "" if they agree within max|a - b| / max|b| < 1e-4, and exactly where they are not f32.
std::string difference(const Buffer& actual, const Buffer& expected) {
    if (actual.type() != expected.type() || actual.dims() != expected.dims())
        return core::concat(to_string(actual.type()), " ", model::to_string(actual.dims()),
                            " instead of ", to_string(expected.type()), " ",
                            model::to_string(expected.dims()));
    if (expected.type() != DataType::f32)
        return std::memcmp(actual.data(), expected.data(), expected.bytes()) == 0
                   ? ""
                   : "integers that differ";
    double error = 0;
    double largest = 0;
    for (std::size_t i = 0; i < expected.f32().size(); ++i) {
        const double distance = std::abs(double{actual.f32()[i]} - expected.f32()[i]);
        error = distance <= error ? error : distance;  // also keeps a NaN
        largest = std::max<double>(largest, std::abs(expected.f32()[i]));
    }
    return error <= 1e-4 * std::max(largest, 1e-6)
               ? ""
               : core::concat("max|a-b| = ", error, ", max|b| = ", largest);
}

void expect_same(const Buffers& actual, const Buffers& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_EQ(difference(actual[i], expected[i]), "") << "output " << i;
}

bool bitwise_equal(const Buffers& a, const Buffers& b) {
    return std::ranges::equal(a, b, [](const Buffer& left, const Buffer& right) {
        return left.dims() == right.dims() &&
               std::memcmp(left.data(), right.data(), left.bytes()) == 0;
    });
}

Buffers expected_of(const Graph& graph, const Buffers& inputs) {
    return Runner(reference_backend(), graph).run(inputs);
}

/// A small network with everything that a detector has: strides, depthwise kernels, a residual, a
/// gate, upsampling to another value's extents, concatenation, deconvolution.
Graph small_network() {
    test::GraphBuilder b(7);
    const auto conv = [&](const std::string& x, Dims weight, std::int64_t stride,
                          std::int64_t group) {
        const std::int64_t pad = weight[2] / 2;
        return b.add(Op::Conv, {x, b.parameter(weight, -0.4f, 0.4f), b.parameter({weight[0]})},
                     {{"strides", Dims{stride, stride}}, {"group", group}, {"pads", Dims(4, pad)}});
    };
    const std::string x = b.input({1, 3, 8, 8});
    const std::string stem = b.add(Op::HardSwish, {conv(x, {8, 3, 3, 3}, 2, 1)});
    const std::string deep = b.add(Op::Relu, {conv(stem, {8, 1, 5, 5}, 1, 8)});
    const std::string residual = b.add(Op::Add, {stem, conv(deep, {8, 8, 1, 1}, 1, 1)});
    const std::string small = conv(residual, {8, 8, 3, 3}, 2, 1);
    const std::string gate = b.add(Op::Sigmoid, {b.add(Op::GlobalAveragePool, {small})});
    const std::string gated = b.add(Op::Mul, {small, gate});
    const std::string shape = b.add(Op::Shape, {residual});
    const std::string large = b.add(Op::Resize, {gated, "", "", shape}, {{"mode", "nearest"}});
    const std::string joined = b.add(Op::Concat, {residual, large}, {{"axis", std::int64_t{1}}});
    const std::string up =
        b.add(Op::ConvTranspose, {joined, b.parameter({16, 2, 2, 2})}, {{"strides", Dims{2, 2}}});
    b.output(b.add(Op::Sigmoid, {up}));
    Graph graph = b.finish("small network").graph;
    graph.inputs[0].dims = {-1, 3, -1, -1};
    return graph;
}

Buffers image(std::int64_t batch, std::int64_t height, std::int64_t width,
              std::uint64_t seed = 11) {
    test::Random random(seed);
    return {test::random_buffer(random, {batch, 3, height, width}, -1, 1)};
}

class Conformance : public testing::TestWithParam<const Backend*> {
protected:
    const Backend& backend() const { return *GetParam(); }
};

std::string name_of(const Backend* backend) { return std::string(backend->name()); }

INSTANTIATE_TEST_SUITE_P(Backends, Conformance, testing::ValuesIn(backends()),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(Conformance, IsFoundByItsName) {
    EXPECT_EQ(&engine::backend(backend().name()), &backend());
    try {
        engine::backend("no such thing");
        FAIL() << "a backend that does not exist was found";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_THAT(error.what(), HasSubstr(std::string(backend().name())));
    }
}

TEST_P(Conformance, RunsOneExecutableAtManyExtents) {
    const Graph graph = small_network();
    Runner runner(backend(), graph);
    for (const std::int64_t batch : {1, 3})
        for (const std::int64_t height : {1, 2, 7, 32})
            for (const std::int64_t width : {1, 5, 33}) {
                SCOPED_TRACE(core::concat(batch, " x 3 x ", height, " x ", width));
                const Buffers input = image(batch, height, width);
                expect_same(runner.run(input), expected_of(graph, input));
            }
    EXPECT_EQ(runner.executable().graph().nodes.size(), graph.nodes.size());
}

TEST_P(Conformance, ABatchIsItsImages) {
    Runner runner(backend(), small_network());
    const Buffers batch = image(3, 20, 28);
    const Buffer together = runner.run(batch)[0];
    const std::size_t in = batch[0].f32().size() / 3;
    const std::size_t out = together.f32().size() / 3;
    for (std::size_t i = 0; i < 3; ++i) {
        const Buffers one = image(1, 20, 28);
        std::ranges::copy(batch[0].f32().subspan(i * in, in), one[0].f32().begin());
        const Buffer alone = runner.run(one)[0];
        for (std::size_t k = 0; k < out; ++k)
            ASSERT_NEAR(alone.f32()[k], together.f32()[i * out + k], 1e-5);
    }
}

TEST_P(Conformance, KeepsABoundedNumberOfPlans) {
    const Graph graph = small_network();
    Runner runner(backend(), graph, {.plan_cache = 2});
    const auto run = [&](std::int64_t width) { return runner.run(image(1, 32, width)); };
    const Buffers first = run(40);
    run(41);
    const std::size_t two_plans = runner.executable().memory().plans;
    for (std::int64_t width = 42; width < 60; ++width) run(width);
    EXPECT_LE(runner.executable().memory().plans, two_plans * 3 / 2);
    EXPECT_TRUE(bitwise_equal(run(40), first)) << "a plan made again gives other results";
    runner.executable().trim();
    EXPECT_EQ(runner.executable().memory().plans, 0u);
    EXPECT_TRUE(bitwise_equal(run(40), first)) << "after trim()";
}

TEST_P(Conformance, WeightsDoNotGrowWithTheNumberOfPlans) {
    Runner runner(backend(), small_network());
    for (std::int64_t width = 16; width < 48; width += 2) runner.run(image(1, 32, width));
    const std::size_t after_16_sizes = runner.executable().memory().weights;
    for (std::int64_t width = 48; width < 112; width += 2) runner.run(image(1, 32, width));
    EXPECT_LE(runner.executable().memory().weights, after_16_sizes * 3 / 2);
}

TEST_P(Conformance, TheArenaGrowsToTheLargestPlanOnly) {
    Runner runner(backend(), small_network());
    runner.run(image(1, 64, 96));
    const std::size_t largest = runner.context().arena_bytes();
    for (std::int64_t side = 8; side <= 64; side += 8) runner.run(image(1, side, side));
    EXPECT_EQ(runner.context().arena_bytes(), largest);
    runner.context().trim();
    EXPECT_EQ(runner.context().arena_bytes(), 0u);
    expect_same(runner.run(image(1, 64, 96)), expected_of(small_network(), image(1, 64, 96)));
}

TEST_P(Conformance, ManyThreadsShareOneExecutable) {
    const Graph graph = small_network();
    const auto executable = backend().compile(graph, {.plan_cache = 3});
    const std::vector<Buffers> inputs = {image(1, 32, 32), image(1, 17, 40), image(2, 24, 9),
                                         image(1, 32, 48), image(1, 5, 5)};
    std::vector<Buffers> serial;
    serial.reserve(inputs.size());
    const auto context = backend().create_context(1);
    for (const Buffers& input : inputs)
        serial.push_back(backend().run(*executable, *context, input));

    std::atomic<int> differing = 0;
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            const auto own = backend().create_context(1);
            for (std::size_t i = 0; i < 20; ++i) {
                const std::size_t which = (i * (t + 1) + t) % inputs.size();
                if (!bitwise_equal(backend().run(*executable, *own, inputs[which]), serial[which]))
                    ++differing;
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(differing, 0) << "of 160 runs";
}

TEST_P(Conformance, AnyNumberOfThreadsGivesTheResult) {
    const Graph graph = small_network();
    const Buffers input = image(1, 33, 47);
    for (const int threads : {1, 2, 3, 5}) {
        SCOPED_TRACE(threads);
        expect_same(Runner(backend(), graph, {}, threads).run(input), expected_of(graph, input));
    }
}

TEST_P(Conformance, OutputsHaveMemoryOfTheirOwn) {
    Runner runner(backend(), small_network());
    const Buffers input = image(1, 32, 32, 1);
    const Buffers output = runner.run(input);
    const Buffers kept = {Buffer::host(DataType::f32, output[0].dims())};
    backend().copy(output[0], kept[0]);
    runner.run(image(1, 32, 32, 2));
    EXPECT_TRUE(bitwise_equal(output, kept)) << "a later run wrote into an earlier one's output";
    std::ranges::fill(input[0].f32(), 0.0f);
    EXPECT_TRUE(bitwise_equal(output, kept)) << "the output changed with the input";
}

TEST_P(Conformance, InputsAndParametersMayBeOutputs) {
    test::GraphBuilder b(3);
    const std::string x = b.input({2, 3});
    const std::string parameter = b.parameter({4});
    b.output(x);
    b.output(parameter);
    b.output(b.add(Op::Identity, {x}));
    b.output(b.add(Op::Relu, {x}));
    const test::GraphCase passing = b.finish("passing through");
    Runner runner(backend(), passing.graph);
    const Buffers expected = expected_of(passing.graph, passing.inputs);
    const Buffers first = runner.run(passing.inputs);
    expect_same(first, expected);
    for (const Buffer& output : first) std::ranges::fill(output.f32(), 100.0f);
    expect_same(runner.run(passing.inputs), expected);
}

TEST_P(Conformance, InputsStayAsTheyAre) {
    Runner runner(backend(), small_network());
    const Buffers input = image(1, 32, 32);
    runner.run(input);
    EXPECT_TRUE(bitwise_equal(input, image(1, 32, 32)));
}

TEST_P(Conformance, RefusesInputsThatDoNotFit) {
    Runner runner(backend(), small_network());
    const Buffer good = image(1, 8, 8)[0];
    const std::vector<Buffers> wrong = {
        {},
        {good, good},
        {Buffer()},
        {Buffer::host(DataType::f32, {1, 4, 8, 8})},
        {Buffer::host(DataType::f32, {3, 8, 8})},
        {Buffer::host(DataType::f32, {1, 3, 8, 0})},
        {Buffer::host(DataType::i64, {1, 3, 8, 8})},
        {Buffer(Device::cuda, DataType::f32, {1, 3, 8, 8}, std::make_shared<int>(0))},
    };
    for (std::size_t i = 0; i < wrong.size(); ++i) try {
            runner.run(wrong[i]);
            ADD_FAILURE() << "inputs " << i << " were accepted";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_argument) << i;
            EXPECT_THAT(error.what(), HasSubstr("input")) << i;
        }
    expect_same(runner.run({good}), expected_of(small_network(), {good}));
}

TEST_P(Conformance, NamesTheNodeThatCannotRun) {
    Graph graph = small_network();
    graph.inputs[0].dims = {-1, -1, -1, -1};
    Runner runner(backend(), graph);
    try {
        runner.run({Buffer::host(DataType::f32, {1, 4, 8, 8})});
        FAIL() << "4 channels went into a convolution of 3";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::malformed);
        EXPECT_THAT(error.what(), HasSubstr("(Conv)"));
    }
    expect_same(runner.run(image(1, 8, 8)), expected_of(graph, image(1, 8, 8)));
}

TEST_P(Conformance, RefusesABrokenGraph) {
    Graph graph = small_network();
    graph.nodes[2].inputs[0] = "nobody computes this";
    EXPECT_THROW(backend().compile(graph), Error);
}

TEST_P(Conformance, CopiesBetweenBuffersOfOneKind) {
    const Buffer from = image(1, 4, 4)[0];
    const Buffer to = Buffer::host(DataType::f32, from.dims());
    backend().copy(from, to);
    EXPECT_TRUE(bitwise_equal({from}, {to}));
    EXPECT_THROW(backend().copy(from, Buffer::host(DataType::f32, {1, 3, 4, 5})), Error);
    EXPECT_THROW(backend().copy(from, Buffer::host(DataType::i64, from.dims())), Error);
}

/// The same with a subnormal number in place of each one below 0.5.
Buffer with_subnormals(const Buffer& buffer) {
    Buffer result = Buffer::host(DataType::f32, buffer.dims());
    std::ranges::transform(buffer.f32(), result.f32().begin(),
                           [](float value) { return std::abs(value) < 0.5f ? 1e-39f : value; });
    return result;
}

TEST_P(Conformance, SubnormalNumbersChangeNothing) {
    Graph graph = small_network();
    for (auto& [name, tensor] : graph.parameters)
        if (tensor.type() == DataType::f32) tensor = tensor_of(with_subnormals(buffer_of(tensor)));
    const Buffers input = {with_subnormals(image(1, 40, 56)[0])};
    for (const int threads : {1, 3})
        expect_same(Runner(backend(), graph, {}, threads).run(input), expected_of(graph, input));
}

class AgainstReference
    : public testing::TestWithParam<std::tuple<const Backend*, test::GraphKind>> {
protected:
    /// The first of `seeds` random graphs on which the backend and the oracle differ fails the
    /// test.
    void compare(std::uint64_t seeds) const {
        const auto& [backend, kind] = GetParam();
        for (std::uint64_t seed = 0; seed < seeds; ++seed) {
            const test::GraphCase graph_case =
                test::random_graph(kind, seed, test::Constants::anywhere);
            SCOPED_TRACE(test::describe(graph_case));
            const Buffers expected = expected_of(graph_case.graph, graph_case.inputs);
            try {
                expect_same(Runner(*backend, graph_case.graph).run(graph_case.inputs), expected);
            } catch (const Error& error) {
                ADD_FAILURE() << error.what();
            }
            if (HasFailure()) return;
        }
    }
};

std::string name_of(const testing::TestParamInfo<AgainstReference::ParamType>& test) {
    const auto& [backend, kind] = test.param;
    return name_of(backend) + "_" + std::string(kind.name);
}

class RandomOperator : public AgainstReference {};
INSTANTIATE_TEST_SUITE_P(Backends, RandomOperator,
                         testing::Combine(testing::ValuesIn(backends().subspan(1)),
                                          testing::ValuesIn(test::operator_kinds())),
                         [](const auto& test) { return name_of(test); });
TEST_P(RandomOperator, GivesTheOraclesResult) { compare(40); }

TEST_P(Conformance, NanIsNoNumberToAnyActivation) {
    for (const Op op : {Op::Relu, Op::LeakyRelu, Op::Clip, Op::Sigmoid, Op::HardSigmoid,
                        Op::HardSwish, Op::Exp, Op::Sqrt, Op::Reciprocal, Op::Erf, Op::Gelu})
        for (const int before : {0, 1, 2, 3}) {
            test::GraphBuilder b(21);
            std::string x = b.input({1, 3, 6, 7}, 0.5f, 1);
            if (before == 1) x = b.add(Op::Conv, {x, b.parameter({20, 3, 1, 1}, 0.1f, 0.4f)});
            if (before == 2)
                x = b.add(Op::ConvTranspose, {x, b.parameter({3, 20, 2, 2}, 0.1f, 0.4f)},
                          {{"strides", Dims{2, 2}}});
            if (before == 3) x = b.add(Op::Add, {x, x});
            std::vector<std::string> inputs = {x};
            if (op == Op::Clip) inputs = {x, b.parameter({}, 0, 0), b.parameter({}, 6, 6)};
            b.output(b.add(op, inputs));
            const test::GraphCase graph_case = b.finish("nan");
            graph_case.inputs[0].f32()[11] = std::numeric_limits<float>::quiet_NaN();
            const Buffer expected = expected_of(graph_case.graph, graph_case.inputs)[0];
            const Buffer actual = Runner(backend(), graph_case.graph).run(graph_case.inputs)[0];
            for (std::size_t i = 0; i < expected.f32().size(); ++i)
                ASSERT_EQ(std::isnan(actual.f32()[i]), std::isnan(expected.f32()[i]))
                    << to_string(op) << " after " << before << ", element " << i;
        }
}

class RandomChain : public AgainstReference {};
INSTANTIATE_TEST_SUITE_P(Backends, RandomChain,
                         testing::Combine(testing::ValuesIn(backends().subspan(1)),
                                          testing::ValuesIn(test::chain_kinds())),
                         [](const auto& test) { return name_of(test); });
TEST_P(RandomChain, GivesTheOraclesResult) { compare(25); }

/// Nothing that computes maximum or minimum may take NaN for a number.
TEST_P(RandomChain, LosesNoNan) {
    const auto& [backend, kind] = GetParam();
    for (std::uint64_t seed = 100; seed < 112; ++seed) {
        const test::GraphCase graph_case = test::random_graph(kind, seed);
        SCOPED_TRACE(test::describe(graph_case));
        for (const Buffer& input : graph_case.inputs)
            input.f32()[input.f32().size() / 2] = std::numeric_limits<float>::quiet_NaN();
        const Buffers expected = expected_of(graph_case.graph, graph_case.inputs);
        const Buffers actual = Runner(*backend, graph_case.graph).run(graph_case.inputs);
        for (std::size_t i = 0; i < expected.size(); ++i)
            for (std::size_t k = 0; k < expected[i].f32().size(); ++k)
                ASSERT_TRUE(!std::isnan(expected[i].f32()[k]) || std::isnan(actual[i].f32()[k]))
                    << "output " << i << ", element " << k;
    }
}

}  // namespace
}  // namespace dbnet::engine
