// Any bytes either are a pickle, or an archive with one as torch.save writes it, or are refused
// with an Error that puts the blame on them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <dbnet/error.hpp>

#include "model/checkpoint/pickle.hpp"
#include "model/checkpoint/pth.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        if (size > 0 && data[0] == 'P')
            dbnet::model::parse_pth({data, size}, "input");
        else
            dbnet::model::Pickle({data, size}, "input");
    } catch (const dbnet::Error& error) {
        const auto code = error.code();
        if (code != dbnet::ErrorCode::malformed && code != dbnet::ErrorCode::unsupported &&
            code != dbnet::ErrorCode::too_large)
            std::abort();
    }
    return 0;
}
