// onnx_corpus DIR: writes small models into DIR: one per operator, in the opsets that have it, and
// a whole network.
#include <filesystem>
#include <iostream>

#include <dbnet/error.hpp>

#include "core/error.hpp"
#include "model/onnx.hpp"
#include "model/operators.hpp"
#include "support/random_graph.hpp"
#include "support/tiny_model.hpp"

namespace {

/// Whether the graph could be written, which depends on the opset.
bool write(const dbnet::model::Graph& graph, const std::string& path, int opset) {
    try {
        dbnet::model::write_onnx(graph, path, {opset, opset % 2 == 0});
        return true;
    } catch (const dbnet::Error& error) {
        if (error.code() != dbnet::ErrorCode::unsupported) throw;
        return false;
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: onnx_corpus DIR\n";
        return 2;
    }
    const std::string folder = argv[1];
    std::filesystem::create_directories(folder);
    int files = write(dbnet::test::tiny_model(), folder + "/tiny.onnx", 17);
    for (const auto kinds : {dbnet::test::operator_kinds(), dbnet::test::chain_kinds()})
        for (const auto& kind : kinds)
            for (int opset = dbnet::model::kMinOpset; opset <= dbnet::model::kMaxOpset; ++opset) {
                const auto graph = dbnet::test::random_graph(kind, static_cast<unsigned>(opset));
                files +=
                    write(graph.graph,
                          dbnet::core::concat(folder, "/", kind.name, "_", opset, ".onnx"), opset);
            }
    std::cout << files << " files written\n";
}
