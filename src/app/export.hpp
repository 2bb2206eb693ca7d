#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/parity.hpp"
#include "train/run_weights.hpp"

// From a checkpoint, or any DB model, to the file that a detector runs.
namespace dbnet::app {

struct ExportOptions {
    std::string source;  ///< the folder of a run, a checkpoint, or an ONNX model
    train::Generation generation = train::Generation::best_or_last;
    bool f16 = false;  ///< weights of half the size; computed in f32 all the same
    int opset = 17;
    std::map<std::string, std::string> metadata = {};  ///< over that of the source
};

/// What one input showed.
struct ExportCheck {
    model::Dims dims;
    double difference = 0;  ///< to the reference executor with the same weights
    double rounding = 0;    ///< to the reference executor with the source's weights
};

struct Export {
    std::string weights;  ///< the file that the weights come from
    std::vector<std::uint8_t> onnx;
    std::vector<ExportCheck> checks;
    bool is_dynamic = true;  ///< takes images of any size, in batches of any size
    /// At most kExportTolerance from the same weights and kRoundingTolerance from the source's.
    bool is_faithful = false;
};

inline constexpr double kExportTolerance = 1e-4;
inline constexpr double kRoundingTolerance = 1e-2;

/// Cuts the network to its probability map, opens its extents, keeps its metadata, and runs the
/// result on the CPU engine and the source on the reference executor. Throws Error as read_onnx,
/// weights_of and serialize_onnx do, and Error{malformed} for metadata that no detector
/// understands.
Export export_model(const ExportOptions& options);

/// Where an export is written if nothing else is said: model.onnx or model_f16.onnx in the folder
/// of a run. Throws Error{invalid_argument} for a checkpoint or a file: there `--out` must say it.
std::string default_export_file(const ExportOptions& options);

}  // namespace dbnet::app
