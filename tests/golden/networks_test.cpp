// The networks that are built here, with the golden parameters, against the maps of the reference
// implementation.
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

#include "engine/backend.hpp"
#include "model/networks/network.hpp"
#include "support/fill.hpp"
#include "support/golden.hpp"

namespace dbnet::test {
namespace {

/// Options of a golden network's name, "r18", "mbv3_large", with "_serial"; nothing for what is not
/// built yet.
std::optional<model::NetworkOptions> options_of(std::string name) {
    model::NetworkOptions options;
    if (name.ends_with("_serial")) {
        options.serial = true;
        name.resize(name.size() - 7);
    }
    if (name == "r18") return options;
    options.backbone = model::Backbone::mobilenet_v3_large;
    if (name == "mbv3_large") return options;
    return std::nullopt;
}

/// Fills every parameter of the graph; the golden list must name each, up to trailing extents of 1.
void fill(model::Graph& graph, const nlohmann::json& info) {
    const Fill source(info["salt"]);
    int filled = 0;
    for (const auto& parameter : info["parameters"]) {
        const auto found = graph.parameters.find(parameter["name"]);
        if (found == graph.parameters.end()) continue;  // unused in the reference, too
        const model::Tensor& old = found->second;
        model::Dims dims = old.dims();
        const model::Dims listed = parameter["shape"];
        while (dims.size() > listed.size() && dims.back() == 1) dims.pop_back();
        ASSERT_EQ(dims, listed) << found->first;
        const auto values =
            source.values(found->first, parameter["fill"], static_cast<std::size_t>(old.size()));
        found->second = model::Tensor::of(old.dims(), values);
        ++filled;
    }
    int expected = 0;
    for (const auto& [name, tensor] : graph.parameters)
        expected += !name.ends_with(".scales") && !name.ends_with(".factor");
    EXPECT_EQ(filled, expected) << "some parameter has no golden counterpart";
}

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
    for (const auto& entry : std::filesystem::directory_iterator(section)) {
        const std::string name = entry.path().filename();
        const auto options = options_of(name);
        if (!options) continue;
        SCOPED_TRACE(name);
        const nlohmann::json info = read_json(entry.path() / "info.json");
        model::Graph graph = model::build_network(*options);
        fill(graph, info);
        expect_maps(info, entry.path(), graph);
        ++cases;
    }
    report_golden("networks", cases);
}

}  // namespace
}  // namespace dbnet::test
