#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/networks/network.hpp"
#include "support/fill.hpp"
#include "support/golden.hpp"

// The golden networks of the kinds that are built here, with the parameters they were recorded
// with.
namespace dbnet::test {

struct GoldenNetwork {
    std::string name;
    std::string folder;
    nlohmann::json info;
    model::Graph graph;
};

/// Options of a golden network's name, "r18", "mbv3_large", with "_serial"; nothing for what is not
/// built yet.
inline std::optional<model::NetworkOptions> options_of(std::string name) {
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
inline void fill(model::Graph& graph, const nlohmann::json& info) {
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

inline std::vector<GoldenNetwork> golden_networks(const std::string& section) {
    std::vector<GoldenNetwork> networks;
    for (const std::string& folder : files_ending(section, "")) {
        const std::string name = std::filesystem::path(folder).filename();
        const auto options = options_of(name);
        if (!options) continue;
        networks.push_back(
            {name, folder, read_json(folder + "/info.json"), model::build_network(*options)});
        fill(networks.back().graph, networks.back().info);
    }
    return networks;
}

}  // namespace dbnet::test
