#pragma once

#include <string_view>

#include "core/error.hpp"

namespace dbnet::data {

/// Throws Error{invalid_argument} for an option of the augmentation outside low ... high.
inline void check_range(std::string_view name, double value, double low, double high) {
    if (!(value >= low && value <= high))
        core::fail(ErrorCode::invalid_argument, "augmentation: ", name, " is ", value,
                   ", expected ", low, " to ", high);
}

}  // namespace dbnet::data
