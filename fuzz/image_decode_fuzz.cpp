// Any bytes either decode to an image within the pixel limit or are refused with an Error that puts
// the blame on them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <dbnet/error.hpp>
#include <dbnet/image.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::int64_t kMaxPixels = 1 << 20;
    try {
        const auto image = dbnet::Image::decode({data, size}, "input", {.max_pixels = kMaxPixels});
        if (image.empty() || std::int64_t{image.width()} * image.height() > kMaxPixels)
            std::abort();
    } catch (const dbnet::Error& error) {
        const auto code = error.code();
        if (code != dbnet::ErrorCode::malformed && code != dbnet::ErrorCode::unsupported &&
            code != dbnet::ErrorCode::too_large)
            std::abort();
    }
    return 0;
}
