#include "core/error.hpp"

namespace dbnet {

Error::~Error() = default;

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid_argument: return "invalid_argument";
        case ErrorCode::io: return "io";
        case ErrorCode::malformed: return "malformed";
        case ErrorCode::unsupported: return "unsupported";
        case ErrorCode::too_large: return "too_large";
        case ErrorCode::cancelled: return "cancelled";
        case ErrorCode::internal: return "internal";
    }
    return "unknown";
}

}  // namespace dbnet
