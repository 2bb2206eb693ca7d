// What the comparison with other runtimes needs of dbnet.
//   maps_tool network BACKBONE FILE    a fresh network, as a checkpoint holds it
//   maps_tool maps MODEL FOLDER        inputs and the CPU engine's maps: I.input and I.output, raw
//   f32, and index.json
#include <iostream>
#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "app/parity.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "model/detector_graph.hpp"
#include "model/networks/network.hpp"
#include "model/onnx.hpp"

namespace dbnet {
namespace {

void write_values(const std::string& path, const engine::Buffer& buffer) {
    core::write_file(path, {static_cast<const std::uint8_t*>(buffer.data()), buffer.bytes()});
}

void write_maps(const std::string& model, const std::string& folder) {
    const model::Graph graph = model::detector_graph(model::read_onnx(model)).graph;
    const std::vector<app::Runner> runners = app::runners();
    const app::Forward forward = app::runner_named(runners, "engine").prepare(graph);
    nlohmann::json index = nlohmann::json::array();
    for (const app::ParityInput& input : app::made_inputs(graph)) {
        const std::string stem = folder + "/" + std::to_string(index.size());
        const engine::Buffer map = forward(input.images).front();
        write_values(stem + ".input", input.images);
        write_values(stem + ".output", map);
        index.push_back({{"input", input.images.dims()}, {"output", map.dims()}});
    }
    core::write_file(folder + "/index.json", index.dump());
}

void run(std::span<const std::string> arguments) {
    if (arguments.size() != 3)
        core::fail(ErrorCode::invalid_argument,
                   "usage: maps_tool network BACKBONE FILE | maps MODEL FOLDER");
    if (arguments[0] == "network")
        model::write_onnx(
            model::build_network({.backbone = model::backbone_named(arguments[1]), .seed = 1}),
            arguments[2]);
    else
        write_maps(arguments[1], arguments[2]);
}

}  // namespace
}  // namespace dbnet

int main(int argc, char** argv) {
    try {
        const std::vector<std::string> arguments(argv + 1, argv + argc);
        dbnet::run(arguments);
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    return 0;
}
