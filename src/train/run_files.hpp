#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

// Where a run keeps its checkpoints. Each is a folder that gets its name when it is complete, so
// that a folder with that name is never half-written. Without LibTorch.
namespace dbnet::train {

struct CheckpointFolder {
    std::uint64_t step = 0;
    std::string path;
    /// ONNX, f32, the whole graph: what is validated and exported (the averaged weights, if any).
    std::string weights() const { return path + "/weights.onnx"; }
    /// The rest of the state: the optimiser's, and the weights in training where averaged ones are
    /// in weights().
    std::string state() const { return path + "/state.pt"; }
};

/// The weights with the best hmean, as CheckpointFolder::weights().
std::string best_weights(const std::string& run);

/// Complete checkpoints of a run, the newest first.
std::vector<CheckpointFolder> checkpoints(const std::string& run);

/// Creates the checkpoint of that step: `write` fills the folder it is given, which then gets its
/// name; all checkpoints but the newest two and remains of interrupted ones are removed. When
/// `write` throws or the disk is full, nothing remains and the older checkpoints stay. Throws
/// Error{io} and what `write` throws.
void write_checkpoint(const std::string& run, std::uint64_t step,
                      const std::function<void(const CheckpointFolder&)>& write);

}  // namespace dbnet::train
