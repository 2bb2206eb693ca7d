// What training starts from, with models from elsewhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/backend.hpp"
#include "model/onnx.hpp"
#include "support/golden.hpp"
#include "train/start.hpp"

namespace dbnet::test {
namespace {

using engine::Buffer;
using testing::FloatNear;
using testing::IsEmpty;
using testing::Pointwise;
using train::Start;

Buffer noise(const model::Dims& dims) {
    Buffer buffer = Buffer::host(model::DataType::f32, dims);
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (float& value : buffer.f32()) value = normal(random);
    return buffer;
}

std::vector<Buffer> run(const model::Graph& graph, const Buffer& input) {
    const engine::Backend& backend = engine::cpu_backend();
    return backend.run(*backend.compile(graph), *backend.create_context(1), std::span(&input, 1));
}

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

/// Foreign detectors: what they compute stays what it was, to rounding, and there is a threshold
/// map beside it.
TEST(GoldenStart, ForeignDetectors) {
    DBNET_REQUIRE_GOLDEN(environment("DBNET_MODELS"));
    int cases = 0;
    for (const std::string& path : all_models()) {
        SCOPED_TRACE(path);
        const Start start = train::make_start({.network_of_init = true, .init = path});
        start.graph.check();
        ASSERT_EQ(start.graph.outputs.size(), 2u);
        EXPECT_EQ(start.graph.outputs[1].name, start.threshold);
        EXPECT_EQ(start.graph.inputs[0].dims, (model::Dims{-1, 3, -1, -1}));
        EXPECT_THAT(start.unused, IsEmpty());

        const Buffer image = noise({2, 3, 96, 128});
        const Buffer original = run(model::read_onnx(path), image)[0];
        const std::vector<Buffer> maps = run(start.graph, image);
        ASSERT_EQ(maps[0].dims(), (model::Dims{2, 1, 96, 128}));
        ASSERT_EQ(maps[1].dims(), maps[0].dims());
        const std::size_t area = 96 * 128;
        const auto channels = static_cast<std::size_t>(original.dims()[1]);
        for (const std::size_t n : {0u, 1u})
            // Factors of affine blocks lie in other kernels then, which rounds otherwise.
            EXPECT_THAT(copy(maps[0].f32().subspan(n * area, area)),
                        Pointwise(FloatNear(1e-4f),
                                  copy(original.f32().subspan(n * channels * area, area))));
        if (channels == 3) {  // the file's own threshold map
            EXPECT_THAT(start.fresh, IsEmpty());
            EXPECT_EQ(copy(maps[1].f32().first(area)), copy(original.f32().subspan(area, area)));
        } else {
            EXPECT_EQ(start.fresh.size(), 13u);
        }
        ++cases;
    }
    report_golden("models", cases);
}

TEST(GoldenStart, ClassifiersFromTorchvision) {
    DBNET_REQUIRE_GOLDEN(environment("DBNET_MODELS"));
    const std::string path = find_model("resnet18_imagenet_partial.pth");
    const Start start = train::make_start({.init = path});
    EXPECT_THAT(start.unused, IsEmpty());
    // conv1, bn1, layers 1 to 3, and of layer 4 the downsampling: all but four convolutions with
    // their BatchNorms of 5 parameters each.
    std::size_t backbone = 0;
    for (const std::string& name : start.fresh) backbone += name.starts_with("backbone.");
    EXPECT_EQ(backbone, 20u);
    EXPECT_EQ(start.used.size(), 80u);
}

}  // namespace
}  // namespace dbnet::test
