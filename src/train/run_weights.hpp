#pragma once

#include <string>

// Where the weights of a training run lie (docs/training.md, "The run folder").
namespace dbnet::train {

enum class Generation { best_or_last, best, last };

/// The ONNX file that `path` stands for: the file itself; weights.onnx of a checkpoint's folder; of
/// a run's folder best.onnx, or weights.onnx of the checkpoint with the highest step. Throws
/// Error{io} for a path that does not exist and Error{invalid_argument}, saying what was looked
/// for, for a folder that is neither or lacks the generation.
std::string weights_of(const std::string& path, Generation generation = Generation::best_or_last);

}  // namespace dbnet::train
