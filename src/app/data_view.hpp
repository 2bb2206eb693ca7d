#pragma once

#include <cstdint>
#include <vector>

#include <dbnet/image.hpp>

#include "data/sample_sequence.hpp"

namespace dbnet::app {

struct DataViewOptions {
    data::SampleOptions sample;
    std::uint64_t seed = 0;
    std::uint64_t epoch = 0;
    int count = 8;  ///< samples, 1 to 256
};

/// The first samples of an epoch, drawn by draw_samples(): those that a training run with these
/// options sees. Throws Error: invalid_argument, malformed (no file can be used).
Image view_samples(const std::vector<data::Dataset>& datasets, const DataViewOptions& options,
                   const data::FileErrorSink& on_error);

}  // namespace dbnet::app
