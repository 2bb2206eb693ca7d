// The networks that are built here, with the golden parameters, against the maps of the reference
// implementation.
#include <gtest/gtest.h>

#include <string>

#include "engine/backend.hpp"
#include "support/golden_networks.hpp"

namespace dbnet::test {
namespace {

void expect_maps(const nlohmann::json& info, const std::string& folder, const model::Graph& graph) {
    const engine::Backend& backend = engine::cpu_backend();
    const auto executable = backend.compile(graph);
    const auto context = backend.create_context(1);
    for (const auto& item : info["cases"]) {
        const std::string tag = item["tag"];
        SCOPED_TRACE(tag);
        const engine::Buffer input =
            engine::Buffer::host(model::DataType::f32, item["input_shape"].get<model::Dims>());
        const auto values = Fill(info["salt"]).values("input:" + tag, "1.5", input.f32().size());
        std::copy(values.begin(), values.end(), input.f32().begin());
        const auto outputs = backend.run(*executable, *context, std::span(&input, 1));
        // The binary map multiplies errors by up to k / 4.
        const std::pair<const char*, float> maps[] = {
            {"prob", 1e-5f}, {"thresh", 1e-5f}, {"binary", 1e-4f}};
        for (std::size_t i = 0; i < 3; ++i) {
            const NpyArray expected = read_npy(folder + "/" + tag + "_" + maps[i].first + ".npy");
            ASSERT_EQ(outputs[i].dims(), expected.shape);
            float worst = 0;
            for (std::size_t j = 0; j < expected.values.size(); ++j)
                worst = std::max(worst, std::abs(outputs[i].f32()[j] - expected.values[j]));
            EXPECT_LT(worst, maps[i].second) << maps[i].first;
        }
    }
}

TEST(GoldenNetworks, ForwardMaps) {
    const std::string section = golden_section("networks");
    DBNET_REQUIRE_GOLDEN(section);
    int cases = 0;
    for (const GoldenNetwork& network : golden_networks(section)) {
        SCOPED_TRACE(network.name);
        expect_maps(network.info, network.folder, network.graph);
        ++cases;
    }
    report_golden("networks", cases);
}

}  // namespace
}  // namespace dbnet::test
