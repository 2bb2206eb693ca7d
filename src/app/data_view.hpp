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

/// One picture, the first of an epoch, as each augmentation alone shows it, with its labels: at the
/// strength that the options have, or where they have none, at a usual one. Throws as
/// view_samples() does.
Image view_augmentations(const std::vector<data::Dataset>& datasets, const DataViewOptions& options,
                         const data::FileErrorSink& on_error);

/// One picture above the other, on the background of both.
Image above(const Image& first, const Image& second);

/// The first samples of an epoch, drawn by draw_samples(): those that a training run with these
/// options sees. Throws Error: invalid_argument, malformed (no file can be used).
Image view_samples(const std::vector<data::Dataset>& datasets, const DataViewOptions& options,
                   const data::FileErrorSink& on_error);

}  // namespace dbnet::app
