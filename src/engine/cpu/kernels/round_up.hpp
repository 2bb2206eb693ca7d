#pragma once

#include <cstdint>

namespace dbnet::engine::cpu {

/// The smallest multiple that is not less than the value.
constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

}  // namespace dbnet::engine::cpu
