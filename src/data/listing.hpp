#pragma once

#include "data/dataset.hpp"

// Which images a data set has and where their labels are (docs/data.md).
namespace dbnet::data {

/// The row of the format. Throws Error{invalid_argument} if there is none that is read.
const formats::Format& format_of(const DatasetSpec& spec);

/// list_images() without the split, sorted.
Listing list_files(const DatasetSpec& spec);

}  // namespace dbnet::data
