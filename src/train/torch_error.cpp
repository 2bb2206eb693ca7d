#include "train/torch_error.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/error.hpp"

namespace dbnet::train {

bool is_out_of_memory(const c10::Error& error) {
    constexpr std::array<std::string_view, 4> kWays{"allocate memory", "not enough memory",
                                                    "out of memory", "Cannot allocate memory"};
    const std::string_view text = error.what_without_backtrace();
    return std::ranges::any_of(
        kWays, [&](std::string_view way) { return text.find(way) != std::string_view::npos; });
}

void fail_of(const c10::Error& error, const std::string& doing) {
    if (is_out_of_memory(error))
        core::fail(ErrorCode::internal, "not enough memory for ", doing,
                   "; a smaller batch_size (with accumulate) or augment.size needs less");
    core::fail(ErrorCode::internal, "LibTorch failed in ", doing, ": ",
               error.what_without_backtrace());
}

}  // namespace dbnet::train
