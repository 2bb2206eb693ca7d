#include "train/run_weights.hpp"

#include <filesystem>

#include "core/error.hpp"
#include "train/run_files.hpp"

namespace dbnet::train {
namespace {

namespace fs = std::filesystem;

/// weights.onnx of the newest checkpoint; empty if there is none.
std::string newest_weights(const std::string& run) {
    for (const CheckpointFolder& checkpoint : checkpoints(run))
        if (fs::exists(checkpoint.weights())) return checkpoint.weights();
    return "";
}

}  // namespace

std::string weights_of(const std::string& path, Generation generation) {
    if (!fs::exists(path)) core::fail(ErrorCode::io, path, ": there is no such file or folder");
    if (!fs::is_directory(path)) return path;
    const CheckpointFolder checkpoint{0, path};
    if (fs::exists(checkpoint.weights())) return checkpoint.weights();
    const std::string best = best_weights(path);
    if (generation != Generation::last && fs::exists(best)) return best;
    if (generation == Generation::best)
        core::fail(ErrorCode::invalid_argument, path,
                   ": there is no best.onnx (it is written when a validation was the best)");
    const std::string newest = newest_weights(path);
    if (newest.empty())
        core::fail(
            ErrorCode::invalid_argument, path,
            ": neither a checkpoint (weights.onnx) nor a run (checkpoints/step-*/weights.onnx",
            generation == Generation::last ? ")" : " or best.onnx)");
    return newest;
}

}  // namespace dbnet::train
