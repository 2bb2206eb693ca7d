// The published PP-OCR models on the golden inputs, against ONNX Runtime: the statistics of every
// intermediate value, and the output maps.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>

#include "core/file.hpp"
#include "engine/backend.hpp"
#include "image/encode.hpp"
#include "model/onnx.hpp"
#include "support/golden.hpp"

namespace dbnet::test {
namespace {

using engine::Backend;
using engine::Buffer;

std::string section() { return golden_section("engine"); }

/// Largest difference that the golden data's optimised and plain runs have among themselves.
double tolerance_of(const std::string& model) { return model.ends_with("_prune") ? 1e-3 : 2e-4; }

/// The image as the network takes it: BGR, but the constants in the order they are published in.
Buffer network_input(const std::string& path) {
    constexpr std::array<float, 3> mean = {0.485f, 0.456f, 0.406f};
    constexpr std::array<float, 3> deviation = {0.229f, 0.224f, 0.225f};
    const Image image = Image::read(path);
    Buffer input = Buffer::host(model::DataType::f32, {1, 3, image.height(), image.width()});
    float* to = input.f32().data();
    for (std::size_t c = 0; c < 3; ++c)
        for (int y = 0; y < image.height(); ++y)
            for (int x = 0; x < image.width(); ++x) {
                const float value = image.row(y)[3 * x + 2 - static_cast<int>(c)];
                *to++ = (value * (1 / 255.0f) - mean[c]) / deviation[c];
            }
    return input;
}

std::vector<Buffer> run(const Backend& backend, const model::Graph& graph, const Buffer& input) {
    const auto executable = backend.compile(graph);
    const auto context = backend.create_context(2);
    return backend.run(*executable, *context, std::array{input});
}

/// The statistics of the golden data, relative to the value's largest magnitude.
void expect_statistics(const Buffer& value, const nlohmann::json& expected, double tolerance) {
    const std::span<const float> x = value.f32();
    ASSERT_EQ(value.dims(), expected.at("dims").get<model::Dims>());
    double sum = 0;
    double squares = 0;
    for (const float element : x) {
        sum += element;
        squares += double{element} * element;
    }
    const double count = static_cast<double>(x.size());
    const double mean = sum / count;
    const auto [low, high] = std::ranges::minmax(x);
    const double wanted_low = expected.at("min");
    const double wanted_high = expected.at("max");
    const double near = tolerance * std::max({1e-3, std::abs(wanted_low), std::abs(wanted_high)});
    EXPECT_NEAR(mean, expected.at("mean").get<double>(), near);
    EXPECT_NEAR(std::sqrt(std::max(0.0, squares / count - mean * mean)),
                expected.at("std").get<double>(), near);
    EXPECT_NEAR(low, wanted_low, near);
    EXPECT_NEAR(high, wanted_high, near);
    const auto first = expected.at("first8").get<std::vector<float>>();
    for (std::size_t i = 0; i < first.size(); ++i) EXPECT_NEAR(x[i], first[i], near) << i;
}

/// Every value that the golden data lists becomes an output of the graph, where it is f32.
int check_intermediates(const Backend& backend, const std::string& model_name,
                        const std::string& model_file) {
    const auto golden = read_json(section() + "/" + model_name + "_intermediate.json");
    model::Graph graph = model::read_onnx(find_model(model_file));
    graph.outputs.clear();
    for (const auto& tensor : golden.at("tensors"))
        graph.outputs.push_back({tensor.at("tensor"), model::DataType::f32, {}});
    const Buffer input = network_input(section() + "/" + golden.at("input").get<std::string>());
    const std::vector<Buffer> values = run(backend, graph, input);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto& expected = golden.at("tensors")[i];
        SCOPED_TRACE(expected.at("op").get<std::string>() + " " +
                     expected.at("tensor").get<std::string>());
        expect_statistics(values[i], expected, tolerance_of(model_name));
    }
    return static_cast<int>(values.size());
}

void expect_map(const Buffer& output, std::int64_t channel, const std::string& path,
                double tolerance) {
    const image::Grey16 map = image::decode_png16(core::read_file(path), path);
    const model::Dims& dims = output.dims();
    ASSERT_EQ(dims[2], map.height);
    ASSERT_EQ(dims[3], map.width);
    const float* values = output.f32().data() + channel * dims[2] * dims[3];
    double largest = 0;
    for (std::size_t i = 0; i < map.pixels.size(); ++i)
        largest = std::max(largest, std::abs(values[i] - map.pixels[i] / 65535.0));
    EXPECT_LE(largest, tolerance);
}

/// The maps of all inputs of at most `most_pixels`; returns how many there were.
int check_maps(const Backend& backend, std::int64_t most_pixels) {
    const auto index = read_json(section() + "/index.json");
    std::map<std::pair<std::string, std::string>, Buffer>
        outputs;  // several channels of one run are stored apart
    int cases = 0;
    for (const auto& map : index.at("outputs")) {
        const std::string name = map.at("model");
        const std::string input = map.at("input");
        const auto dims = map.at("shape").get<model::Dims>();
        if (dims[2] * dims[3] > most_pixels) continue;
        SCOPED_TRACE(map.at("file").get<std::string>());
        Buffer& output = outputs[{name, input}];
        if (output.data() == nullptr) {
            const auto graph = model::read_onnx(find_model(index.at("models").at(name).at("file")));
            output = run(backend, graph, network_input(section() + "/" + input))[0];
        }
        EXPECT_EQ(output.dims(), dims);
        expect_map(output, map.at("channel"), section() + "/" + map.at("file").get<std::string>(),
                   tolerance_of(name));
        ++cases;
    }
    return cases;
}

TEST(EngineGolden, InputsAreTheTensorsThatTheModelsSaw) {
    DBNET_REQUIRE_GOLDEN(section());
    int cases = 0;
    const auto index = read_json(section() + "/index.json");
    for (const auto& input : index.at("inputs")) {
        const Buffer tensor = network_input(section() + "/" + input.at("file").get<std::string>());
        const auto& expected = input.at("tensor_bgr");
        for (std::size_t i = 0; i < 4; ++i) {
            EXPECT_NEAR(tensor.f32()[i], expected.at("first4")[i].get<float>(), 1e-6);
            EXPECT_NEAR(tensor.f32().last(4)[i], expected.at("last4")[i].get<float>(), 1e-6);
        }
        ++cases;
    }
    report_golden("engine (inputs)", cases);
}

/// Also of the models of which there are no recorded outputs.
TEST(EngineGolden, EveryModelFileIsReadAndComputedAsByTheOracle) {
    DBNET_REQUIRE_GOLDEN(section());
    const Buffer input = network_input(section() + "/input_small.png");
    int cases = 0;
    for (const std::string& path : all_models()) {
        SCOPED_TRACE(path);
        const model::Graph graph = model::read_onnx(path);
        const Buffer expected = run(engine::reference_backend(), graph, input)[0];
        const Buffer actual = run(engine::cpu_backend(), graph, input)[0];
        ASSERT_EQ(actual.dims(), expected.dims());
        const bool amplifies = path.find("_prune") != std::string::npos;
        double largest = 0;
        for (std::size_t i = 0; i < expected.f32().size(); ++i)
            largest = std::max<double>(largest, std::abs(actual.f32()[i] - expected.f32()[i]));
        EXPECT_LE(largest, amplifies ? 1e-3 : 1e-4);
        ++cases;
    }
    report_golden("engine (all models)", cases);
}

class EngineGolden : public testing::TestWithParam<const Backend*> {};

INSTANTIATE_TEST_SUITE_P(Backends, EngineGolden, testing::ValuesIn(engine::backends()),
                         [](const auto& test) { return std::string(test.param->name()); });

TEST_P(EngineGolden, EveryIntermediateValue) {
    DBNET_REQUIRE_GOLDEN(section());
    int cases = 0;
    const auto index = read_json(section() + "/index.json");
    for (const auto& [name, model] : index.at("models").items())
        cases += check_intermediates(*GetParam(), name, model.at("file"));
    report_golden("engine (intermediate values)", cases);
}

TEST_P(EngineGolden, OutputMaps) {
    DBNET_REQUIRE_GOLDEN(section());
    // The oracle is slow: it does the small maps only.
    const bool slow = GetParam() == &engine::reference_backend();
    report_golden("engine (output maps)", check_maps(*GetParam(), slow ? 200'000 : 4'000'000));
}

}  // namespace
}  // namespace dbnet::test
